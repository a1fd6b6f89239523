"""Fee schedules are dated data: each tells what it charges, since when, and how one knows."""

from datetime import date, timedelta
from importlib import resources

import msgspec
import pytest

from dropship.pricing.breakdown import breakdown
from dropship.pricing.fees import (
    FeeSchedule,
    NotASchedule,
    UnknownSchedule,
    for_channel,
    read,
    schedule,
    schedules,
)
from dropship.pricing.money import Money, NotMoney
from dropship.pricing.rounding import NotARate
from dropship.pricing.terms import Terms

FILES = sorted(
    (file.name, file.read_text(encoding="utf-8"))
    for file in (resources.files("dropship.pricing") / "schedules").iterdir()
)
EACH = pytest.mark.parametrize("each", schedules(), ids=lambda each: each.id)

SOUND = """
name = "shop"
channel = "market"
currency = "USD"
effective_from = 2024-01-01
verified_at = 2024-01-01
source = "a page"
[[components]]
name = "fee"
base = ["item"]
refundable = false
tiers = [{ up_to = "10.00", rate = "0.10" }, { rate = "0.05" }]
minimum = "0.10"
cap = "9.00"
"""


def fees(schedule: FeeSchedule, price: int) -> list[int]:
    currency = schedule.currency
    shown = breakdown(Terms(Money(0, currency), schedule), Money(price, currency))
    return [line.amount.minor for line in shown.fees]


@pytest.mark.parametrize(("name", "text"), FILES, ids=[name for name, _ in FILES])
def test_a_file_is_named_after_what_it_holds(name: str, text: str) -> None:
    held = read(text)

    assert name == f"{held.name}.{held.effective_from.isoformat()}.toml"
    assert held in schedules()


@EACH
def test_a_schedule_says_where_it_was_read_and_when(each: FeeSchedule) -> None:
    assert each.id == f"{each.name}/{each.effective_from.isoformat()}"
    assert len(each.source) > 20
    assert each.verified_at >= each.effective_from
    assert each.components


@EACH
def test_a_schedule_holds_from_its_first_day_until_the_next_one_begins(each: FeeSchedule) -> None:
    dated = [other for other in schedules() if other.name == each.name]
    later = [other for other in dated if other.effective_from > each.effective_from]

    assert schedule(each.name, each.effective_from) == each
    if later:
        last_day = later[0].effective_from - timedelta(days=1)
        assert schedule(each.name, last_day) == each
    else:
        assert schedule(each.name, date(2099, 12, 31)) == each


def test_before_the_first_schedule_no_fee_is_guessed() -> None:
    with pytest.raises(UnknownSchedule, match="2019-01-01"):
        schedule("shopify-basic", date(2019, 1, 1))


def test_a_schedule_nobody_wrote_is_not_known() -> None:
    with pytest.raises(UnknownSchedule, match="no-such-shop"):
        schedule("no-such-shop", date(2026, 1, 1))


def test_a_store_finds_the_schedules_of_its_channel_the_dearest_first() -> None:
    assert for_channel("shopify") == ("shopify-basic", "shopify-grow", "shopify-advanced")
    assert for_channel("ebay") == ("ebay-us-jewelry", "ebay-us")
    assert for_channel("bazaar") == ()


@pytest.mark.parametrize(
    ("day", "fee"), [(date(2024, 3, 14), 361), (date(2024, 3, 15), 371), (date(2025, 2, 14), 380)]
)
def test_ebay_charges_what_its_own_example_says_on_either_side_of_the_change(
    day: date, fee: int
) -> None:
    """$25 with shipping and tax: "you'll now pay a fee of $3.71 instead of $3.61"."""
    assert sum(fees(schedule("ebay-us", day), 2500)) == fee


@pytest.mark.parametrize(
    ("name", "rate_part"),
    [("shopify-basic", 290), ("shopify-grow", 270), ("shopify-advanced", 250)],
)
def test_shopify_takes_its_rate_and_thirty_cents(name: str, rate_part: int) -> None:
    assert fees(schedule(name, date(2026, 11, 23)), 10_000) == [rate_part, 30]


def test_above_7500_dollars_only_the_part_above_costs_the_lower_rate() -> None:
    ebay = schedule("ebay-us", date(2024, 3, 15))

    assert fees(ebay, 750_000) == [99_375, 40]
    assert fees(ebay, 850_000) == [99_375 + 2_350, 40]


def test_a_jewel_for_more_than_5000_dollars_costs_the_lower_rate_as_a_whole() -> None:
    ebay = schedule("ebay-us-jewelry", date(2024, 3, 15))

    assert fees(ebay, 500_000) == [75_000, 40]
    assert fees(ebay, 500_100) == [45_009, 40]


@pytest.mark.parametrize(
    ("price", "fee"), [(1, 10), (100, 10), (104, 10), (105, 10), (106, 11), (1000, 100)]
)
def test_a_fee_is_never_below_its_minimum(price: int, fee: int) -> None:
    assert fees(read(SOUND), price) == [fee]


@pytest.mark.parametrize(
    ("price", "fee"), [(1002, 100), (16_998, 900), (17_000, 900), (17_100, 900), (99_999, 900)]
)
def test_a_fee_is_never_above_its_cap(price: int, fee: int) -> None:
    assert fees(read(SOUND), price) == [fee]


@pytest.mark.parametrize(
    ("sound", "broken", "refusal"),
    [
        ('base = ["item"]', 'base = ["shipping"]', NotASchedule),
        ('base = ["item"]', 'base = ["item", "item"]', NotASchedule),
        ('base = ["item"]', 'base = ["item", "luck"]', msgspec.ValidationError),
        ('{ rate = "0.05" }', '{ up_to = "20.00", rate = "0.05" }', NotASchedule),
        ('{ rate = "0.05" }', '{ rate = "0.05" }, { rate = "0.01" }', NotASchedule),
        ('up_to = "10.00"', 'up_to = "0.00"', NotASchedule),
        ('up_to = "10.00"', 'up_to = "-10.00"', NotASchedule),
        ('minimum = "0.10"', 'minimum = "9.01"', NotASchedule),
        ('minimum = "0.10"', 'minimum = "-0.10"', NotASchedule),
        ('minimum = "0.10"', 'minimum = "0.105"', NotMoney),
        ('currency = "USD"', 'currency = "ZZZ"', NotMoney),
        ('rate = "0.05"', 'rate = "5 %"', NotARate),
        ('rate = "0.05"', "rate = 0.05", msgspec.ValidationError),
        ('cap = "9.00"', 'ceiling = "9.00"', msgspec.ValidationError),
        ('source = "a page"', "", msgspec.ValidationError),
        ("refundable = false", "", msgspec.ValidationError),
    ],
)
def test_a_schedule_that_is_not_wholly_understood_prices_nothing(
    sound: str, broken: str, refusal: type[Exception]
) -> None:
    assert sound in SOUND
    with pytest.raises(refusal):
        read(SOUND.replace(sound, broken))
