"""The last gate: what it cannot work out, it refuses."""

from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.pricing.money import Money
from dropship.syncer.domain.facts import Product, Taxes
from dropship.syncer.domain.gate import refusal
from dropship.syncer.domain.listing import decide
from dropship.syncer.domain.steps import Create, End, Look, Publish, SetPrice, SetQuantity

CENT = Money(1, "USD")


def steps(price: Money) -> list[Any]:
    return [Create(price, 5), Publish(price), SetPrice(price), SetQuantity(5, price)]


@pytest.fixture(params=range(4), ids=["create", "publish", "set_price", "set_quantity"])
def refused(make: Any, request: pytest.FixtureRequest) -> Any:
    """What the gate says to one kind of selling step, at a price."""

    def ask(price: float, listing: Any = None, product: Any = None, fees: str = "") -> Any:
        step = steps(make.usd(price))[request.param]
        told = refusal(
            step,
            listing or make.active(),
            product or make.product(),
            fees or make.fee_schedule,
            make.noon,
        )
        return told.hold if told else None

    return ask


def test_a_good_price_passes(refused: Any) -> None:
    assert refused(26.33) is None
    assert refused(21.00) is None, "the floor itself is not below it"


def test_below_the_floor_is_refused(refused: Any) -> None:
    assert refused(20.99) is Hold.below_floor


def test_a_blank_floor_is_no_floor_of_zero(refused: Any, make: Any) -> None:
    for floor in (None, Money(0, "USD"), Money(-1, "USD"), Money(2100, "EUR")):
        assert refused(99, make.active(decided=make.decision(floor=floor))) is Hold.no_floor
    assert refused(99, make.listing(fresh_until=make.at(60))) is Hold.no_floor


def test_a_floor_that_is_wrong_does_not_help_a_losing_price(refused: Any, make: Any) -> None:
    listing = make.active(decided=make.decision(floor=make.usd(0.01)))
    assert refused(20.90, listing) is Hold.below_floor, "0.61 + 0.30 fees on a cost of 20.00"
    assert refused(20.91, listing) is None


def test_a_price_that_pays_before_tax_and_loses_after_it_is_refused(
    refused: Any, make: Any
) -> None:
    """A policy that forgot the VAT: 26.33 with 19 % in it is 22.13, and fees take 1.06 of that."""
    vat = make.active(decided=make.decision(taxes=Taxes("0", "0.19", ("p", 1))))
    assert refused(26.33, vat) is None
    assert refused(26.33, vat, make.product(21.07)) is None
    assert refused(26.33, vat, make.product(21.08)) is Hold.below_floor
    assert refused(26.33, product=make.product(21.08)) is None, "without the VAT it pays"


def test_the_tax_that_the_buyer_pays_raises_the_fees(refused: Any, make: Any) -> None:
    """Fees are 2.9 % of 28.96 here and not of 26.33: 1.14 in all, and not 1.06."""
    taxed = make.active(decided=make.decision(taxes=Taxes("0.10", "0", ("p", 1))))
    assert refused(26.33, taxed, make.product(25.19)) is None
    assert refused(26.33, taxed, make.product(25.20)) is Hold.below_floor
    assert refused(26.33, product=make.product(25.20)) is None


def test_a_decision_that_tells_no_taxes_takes_none_away(refused: Any, make: Any) -> None:
    vat = make.active(decided=make.decision(taxes=Taxes("0", "0.19", ("p", 1))))
    untold = decide(vat, make.decision(number=2))
    assert refused(26.33, untold, make.product(22)) is Hold.below_floor


def test_taxes_fall_only_with_a_policy_that_says_so(refused: Any, make: Any) -> None:
    vat = make.active(decided=make.decision(taxes=Taxes("0", "0.19", ("p", 1))))
    same = decide(vat, make.decision(number=2, taxes=Taxes("0", "0", ("p", 1))))
    assert refused(26.33, same, make.product(22)) is Hold.below_floor
    for other in (("p", 2), ("q", 1)):
        lower = decide(vat, make.decision(number=2, taxes=Taxes("0", "0", other)))
        assert refused(26.33, lower, make.product(22)) is None


def test_taxes_that_make_no_sense_are_no_taxes_of_zero(refused: Any, make: Any) -> None:
    odd = make.active(decided=make.decision(taxes=Taxes("0", "19 %", ("p", 1))))
    assert refused(26.33, odd) is Hold.no_floor


def test_a_refusal_names_the_taxes_that_it_reckons_with(make: Any) -> None:
    vat = make.active(decided=make.decision(taxes=Taxes("0.0", "0.19", ("p", 1))))
    told = refusal(SetPrice(make.usd(26.33)), vat, make.product(22), make.fee_schedule, make.noon)
    assert told is not None
    assert told.detail == "26.33 USD loses money at a cost of 22.00 USD and VAT of 0.19"


def test_a_cost_that_rose_since_the_decision_counts(refused: Any, make: Any) -> None:
    assert refused(26.33, product=make.product(26)) is Hold.below_floor


def test_an_unknown_cost_is_no_cost_of_zero(refused: Any, make: Any) -> None:
    assert refused(26.33, product=Product(availability=Availability.in_stock)) is Hold.out_of_stock
    other = replace(make.product(), cost=Money(2000, "EUR"))
    assert refused(26.33, product=other) is Hold.no_floor


def test_unknown_fees_are_no_fees_of_zero(refused: Any) -> None:
    assert refused(26.33, fees="nobody-knows") is Hold.no_floor


def test_the_user_s_own_minimum_counts_before_any_decision_has_seen_it(
    refused: Any, make: Any
) -> None:
    assert refused(26.33, make.active(min_price=make.usd(26.34))) is Hold.below_floor
    assert refused(26.33, make.active(min_price=make.usd(26.33))) is None


def test_nothing_is_sold_that_cannot_be_bought(refused: Any, make: Any) -> None:
    for availability in ("out_of_stock", "discontinued", "in_store_only"):
        gone = make.product(availability=Availability(availability))
        assert refused(26.33, product=gone) is Hold.out_of_stock
    assert refused(26.33, product=make.product(vanished=True)) is Hold.vanished


def test_nothing_is_sold_on_old_news(refused: Any, make: Any) -> None:
    assert refused(26.33, make.active(fresh_until=make.noon)) is Hold.stale
    assert refused(26.33, make.active(fresh_until=None)) is Hold.stale


def test_what_sells_nothing_always_passes(make: Any) -> None:
    nothing_known = make.listing()
    for step in (SetQuantity(0, CENT), Look(), End()):
        assert refusal(step, nothing_known, Product(), "nobody-knows", make.noon) is None
