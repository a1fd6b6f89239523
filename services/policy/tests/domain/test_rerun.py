"""A decision can be made again from its record, and what is different is said."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.policies import Rules
from dropship.policy.domain.deciding import decide
from dropship.policy.domain.differing import differs
from dropship.policy.domain.facts import Facts, Last, Ruling
from dropship.policy.domain.rerun import Record, differences, rerun
from dropship.pricing.money import Money

FactsOf = Callable[..., Facts]
Second = Callable[[float], datetime]


def test_a_decision_read_from_its_row_is_made_again_to_the_cent(
    facts: FactsOf, second: Second, usd: Callable[[str], Money]
) -> None:
    known = facts(last=Last(usd("25.00"), 3, ("out_of_stock",)), sellable_since=second(0))
    record = Record(facts=known, at=second(1), ruling=decide(known, second(1)))
    read = msgspec.json.decode(msgspec.json.encode(record), type=Record)
    assert read == record
    assert rerun(read) == record.ruling
    assert differences(record.ruling, rerun(read)) == ()


def test_a_record_from_before_sales_were_counted_is_made_again_identically(
    facts: FactsOf, second: Second, usd: Callable[[str], Money]
) -> None:
    known = facts(stock=2, last=Last(usd("25.00"), 3, ("out_of_stock",)), sellable_since=second(0))
    record = Record(facts=known, at=second(1), ruling=decide(known, second(1)))
    row = msgspec.json.decode(msgspec.json.encode(record))
    del row["facts"]["sold"], row["facts"]["last"]["sold_here"], row["ruling"]["sold_here"]
    read = msgspec.convert(row, Record)
    assert read == record
    assert differences(read.ruling, rerun(read)) == ()


def test_what_is_different_is_said_in_words(facts: FactsOf, second: Second) -> None:
    was, now = decide(facts(), second(0)), decide(facts(stock=0, cost="21.00"), second(0))
    said = differences(was, now)
    assert "price was 26.33 USD, is 27.63 USD" in said
    assert "quantity was 10, is 0" in said
    assert "holds was none, is out_of_stock" in said
    assert "breakdown said otherwise" in said


def test_no_price_is_said_as_none(facts: FactsOf, second: Second) -> None:
    was, now = decide(facts(), second(0)), decide(facts(cost=None), second(0))
    assert "floor was 20.91 USD, is none" in differences(was, now)
    assert "fee schedule was shopify-basic/2024-01-01, is none" in differences(was, now)


def test_a_first_ruling_is_news_and_the_same_again_is_not(decided: Callable[..., Ruling]) -> None:
    assert differs(None, decided())
    assert not differs(decided(), decided())


@pytest.mark.parametrize(
    "change",
    [
        {"cost": "20.01"},
        {"cost": None},
        {"availability": Availability.low},
        {"availability": Availability.out_of_stock},
        {"stock": 9},
        {"sold": 45},
        {"override": "30.00"},
        {"min_price": "25.00"},
        {"flags": ("used_only",)},
        {"vanished": True},
        {"policy": None},
    ],
)
def test_news_is_whatever_shapes_the_listing(
    decided: Callable[..., Ruling], change: dict[str, Any]
) -> None:
    assert differs(decided(), decided(**change))


def test_another_cost_is_news_even_where_the_price_stays(decided: Callable[..., Ruling]) -> None:
    was, now = (decided(override="40.00", cost=cost) for cost in ("20.00", "20.01"))
    assert was.price == now.price
    assert differs(was, now)


def test_another_cost_is_news_even_while_nothing_is_sold(decided: Callable[..., Ruling]) -> None:
    for held in ({"policy": None}, {"stock": 0}, {"max_price": "5.00", "min_price": "50.00"}):
        assert differs(decided(**held), decided(**held, cost="20.01"))


@pytest.mark.parametrize(
    "change",
    [
        {"stock": 49},
        {"sold": 5},
        {"previous_cost": "10.00"},
        {"ships_in_days": 3},
        {"max_price": "99.00"},
    ],
)
def test_what_shapes_nothing_is_no_news(
    decided: Callable[..., Ruling], change: dict[str, Any]
) -> None:
    assert not differs(decided(), decided(**change))


def test_the_same_rules_under_another_version_are_no_news(
    facts: FactsOf, rules: Callable[..., Rules], second: Second
) -> None:
    known = facts(rules=rules())
    assert known.policy is not None
    newer = replace(known, policy=replace(known.policy, version=2))
    assert not differs(decide(known, second(0)), decide(newer, second(0)))
