"""Prices a seller can work out on paper, and what a price is refused for."""

from datetime import date

import pytest

from dropship.pricing.breakdown import breakdown
from dropship.pricing.fees import Component, FeeSchedule, Fixed, Tier, schedule
from dropship.pricing.money import CurrencyMismatch, Money
from dropship.pricing.rounding import NotARate
from dropship.pricing.solver import NO_LOSS, break_even, least_price, meets
from dropship.pricing.terms import Basis, Charm, NoPrice, Target, Terms

SHOPIFY = schedule("shopify-basic", date(2026, 1, 1))
EBAY = schedule("ebay-us", date(2024, 3, 15))
MARGIN_20 = Target(Basis.margin_on_price, "0.20")


def made_up(*fees: Component, currency: str = "USD") -> FeeSchedule:
    return FeeSchedule(
        id="made-up/2020-01-01",
        name="made-up",
        channel="none",
        currency=currency,
        effective_from=date(2020, 1, 1),
        source="nobody charges this",
        verified_at=date(2020, 1, 1),
        components=fees,
    )


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def jpy(minor: int) -> Money:
    return Money(minor, "JPY")


CLIFF = made_up(
    Component(
        name="referral",
        base=("item",),
        tiers=(Tier("0.08", usd(1500)), Tier("0.15")),
        tiering="cliff",
    )
)
YEN = made_up(
    Component(name="payment", base=("item",), tiers=(Tier("0.0355"),)),
    Component(name="each", base=("item",), fixed=(Fixed(jpy(30)),)),
    currency="JPY",
)


@pytest.mark.parametrize(
    ("basis", "value", "price"),
    [
        (Basis.margin_on_price, "0.20", 1558),
        (Basis.markup_on_cost, "0.20", 1429),
        (Basis.roi, "0.20", 1429),
        (Basis.fixed_profit, "2.00", 1429),
        (Basis.fixed_profit, "5.00", 1775),
    ],
)
def test_twenty_percent_is_a_different_price_on_each_basis(
    basis: Basis, value: str, price: int
) -> None:
    assert least_price(Terms(usd(1000), EBAY), Target(basis, value)) == usd(price)


@pytest.mark.parametrize(
    ("cost", "seed", "its_margin", "exact"),
    [
        (500, 673, "0.1828", 688),
        (2000, 2603, "0.1913", 2633),
        (10_000, 12_893, "0.1931", 13_009),
        (34_899, 44_919, "0.1934", 45_304),
    ],
)
def test_a_fee_charged_on_the_price_before_the_fee_misses_twenty_percent(
    cost: int, seed: int, its_margin: str, exact: int
) -> None:
    """The bare formula says 130.10 where 130.09 will do: there, the fee is rounded down."""
    terms = Terms(usd(cost), SHOPIFY)

    assert breakdown(terms, usd(seed)).margin_on_price == its_margin
    assert not meets(terms, MARGIN_20, usd(seed))
    assert least_price(terms, MARGIN_20) == usd(exact)
    assert not meets(terms, MARGIN_20, usd(exact - 1))


def test_vat_in_the_price_is_not_the_sellers_to_keep() -> None:
    """The bare formula says 14.27 without VAT; its fee is rounded up, and 15 % are just missed."""
    fees = made_up(
        Component(name="rate", base=("item",), tiers=(Tier("0.128"),)),
        Component(name="each", base=("item",), fixed=(Fixed(usd(30)),)),
    )
    target = Target(Basis.margin_on_price, "0.15")

    with_vat = Terms(usd(1000), fees, vat="0.20")

    assert least_price(with_vat, target) == usd(1775)
    assert least_price(Terms(usd(1000), fees), target) == usd(1428)
    assert breakdown(with_vat, usd(1427)).margin_on_price.startswith("-0.02")


@pytest.mark.parametrize(("price", "more"), [(2000, 21), (5000, 54), (10_000, 106)])
def test_the_buyers_tax_costs_the_seller_fees(price: int, more: int) -> None:
    without = breakdown(Terms(usd(1000), EBAY), usd(price)).fees_total
    with_tax = breakdown(Terms(usd(1000), EBAY, buyer_tax="0.08"), usd(price)).fees_total

    assert with_tax - without == usd(more)


def test_on_ebay_ten_dollars_may_pay_where_ten_dollars_and_ten_cents_do_not() -> None:
    terms = Terms(usd(837), EBAY)

    losing = [price for price in range(999, 1200) if not meets(terms, NO_LOSS, usd(price))]

    assert break_even(terms) == usd(999)
    assert losing == list(range(1001, 1011))
    assert least_price(terms, NO_LOSS, at_least=usd(1001)) == usd(1011)


def test_at_a_cliff_more_than_a_dollar_of_prices_loses_money() -> None:
    terms = Terms(usd(1380), CLIFF)

    losing = [price for price in range(1500, 1800) if not meets(terms, NO_LOSS, usd(price))]

    assert break_even(terms) == usd(1500)
    assert losing == list(range(1501, 1623))
    assert least_price(terms, NO_LOSS, charm=Charm(("99",))) == usd(1699)


def test_a_charming_price_is_the_next_one_up_that_still_earns_enough() -> None:
    terms = Terms(usd(2000), SHOPIFY)

    assert least_price(terms, MARGIN_20, charm=Charm(("99",))) == usd(2699)
    assert least_price(terms, MARGIN_20, charm=Charm(("95", "99"))) == usd(2695)
    assert least_price(terms, MARGIN_20, charm=Charm(("9",))) == usd(2690)
    assert least_price(terms, MARGIN_20, charm=Charm(("999",))) == usd(2999)
    assert least_price(terms, MARGIN_20, charm=Charm(("33",))) == usd(2633)


def test_a_charming_price_above_the_ceiling_gives_way_to_the_exact_one() -> None:
    terms = Terms(usd(2000), SHOPIFY)
    charm = Charm(("99",))

    assert least_price(terms, MARGIN_20, charm=charm, at_most=usd(2698)) == usd(2633)
    assert least_price(terms, MARGIN_20, charm=charm, at_most=usd(2699)) == usd(2699)


def test_in_yen_an_ending_is_the_last_digits_of_the_price() -> None:
    terms = Terms(jpy(1000), YEN)

    assert least_price(terms, MARGIN_20) == jpy(1348)
    assert least_price(terms, MARGIN_20, charm=Charm(("80",))) == jpy(1380)
    assert least_price(terms, MARGIN_20, charm=Charm(("980",))) == jpy(1980)
    assert least_price(terms, Target(Basis.fixed_profit, "300")) == jpy(1379)


def test_in_dinars_an_ending_stands_after_the_point() -> None:
    terms = Terms(Money(10_000, "KWD"), made_up(currency="KWD"))

    assert least_price(terms, MARGIN_20, charm=Charm(("99",))) == Money(12_990, "KWD")


def test_a_price_above_the_ceiling_is_refused_as_that() -> None:
    with pytest.raises(NoPrice, match=r"26\.33 USD, above the ceiling of 26\.32 USD") as refused:
        least_price(Terms(usd(2000), SHOPIFY), MARGIN_20, at_most=usd(2632))

    assert refused.value.reason == "above_ceiling"


def test_a_floor_above_the_ceiling_leaves_no_price() -> None:
    with pytest.raises(NoPrice) as refused:
        least_price(Terms(usd(2000), SHOPIFY), MARGIN_20, at_least=usd(5000), at_most=usd(4999))

    assert refused.value.reason == "above_ceiling"


@pytest.mark.parametrize("margin", ["0.971", "0.98", "1", "2.5"])
def test_when_fees_and_margin_take_all_there_is_no_price(margin: str) -> None:
    with pytest.raises(NoPrice, match=f"no price reaches margin on price {margin}") as refused:
        least_price(Terms(usd(2000), SHOPIFY), Target(Basis.margin_on_price, margin))

    assert refused.value.reason == "infeasible"


def test_nobody_is_asked_a_billion() -> None:
    with pytest.raises(NoPrice) as refused:
        least_price(Terms(usd(2000), SHOPIFY), NO_LOSS, at_least=usd(10**11 + 1))

    assert refused.value.reason == "infeasible"


def test_where_next_to_nothing_is_left_of_a_price_it_still_earns_enough() -> None:
    """A millionth is left: too flat to try every cent that might do; the answer is the sure one."""
    target = Target(Basis.margin_on_price, "0.965489")
    terms = Terms(usd(2000), SHOPIFY, vat="0.19")

    price = least_price(terms, target)

    assert meets(terms, target, price)
    assert price.minor > 1000 * terms.cost.minor


def test_where_nothing_is_left_of_a_price_no_cent_is_tried_for_ever() -> None:
    """Each price falls short by the same cent, and luck with two roundings never makes it up."""
    fees = made_up(
        Component(name="one", base=("item",), tiers=(Tier("0.0144"),)),
        Component(name="other", base=("item",), tiers=(Tier("0.0146"),)),
    )

    with pytest.raises(NoPrice) as refused:
        least_price(Terms(usd(1), fees), Target(Basis.margin_on_price, "0.971"))

    assert refused.value.reason == "infeasible"


def test_where_shipping_pays_for_everything_the_price_is_still_no_gift() -> None:
    terms = Terms(usd(300), SHOPIFY, shipping_charged=usd(900))

    assert break_even(terms) == usd(1)
    assert not meets(terms, NO_LOSS, usd(0))
    assert not meets(terms, NO_LOSS, usd(-100))


def test_no_price_is_made_of_two_currencies() -> None:
    terms = Terms(usd(2000), SHOPIFY)
    for mixed in (
        lambda: Terms(jpy(2000), SHOPIFY),
        lambda: Terms(usd(2000), SHOPIFY, shipping_charged=jpy(1)),
        lambda: least_price(terms, MARGIN_20, at_least=jpy(1)),
        lambda: least_price(terms, MARGIN_20, at_most=jpy(1)),
        lambda: meets(terms, MARGIN_20, jpy(1)),
        lambda: breakdown(terms, jpy(1)),
    ):
        with pytest.raises(CurrencyMismatch):
            mixed()


@pytest.mark.parametrize(
    "rate", ["", "20%", "-0.1", "1e-1", ".2", "0,2", "\u0660.\u0662", " 0.2", "0.2\n"]
)
def test_what_is_no_rate_is_refused_before_it_prices_anything(rate: str) -> None:
    for broken in (
        lambda: Target(Basis.margin_on_price, rate),
        lambda: Terms(usd(1), SHOPIFY, buyer_tax=rate),
        lambda: Terms(usd(1), SHOPIFY, vat=rate),
    ):
        with pytest.raises(NotARate):
            broken()


@pytest.mark.parametrize("endings", [(), ("",), (".99",), ("\u0669",), ("1234567",)])
def test_what_is_no_ending_is_refused(endings: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="ending"):
        Charm(endings)


def test_a_cost_or_a_shipping_charge_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        Terms(usd(-1), SHOPIFY)
    with pytest.raises(ValueError, match="never negative"):
        Terms(usd(1), SHOPIFY, shipping_charged=usd(-1))
