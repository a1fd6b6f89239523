"""Two mornings that ruined sellers, replayed: no price of theirs is ever sent."""

from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts.listings import Hold, ListingStatus
from dropship.syncer.domain.bringing import begin
from dropship.syncer.domain.steps import Create, Publish, SetPrice, SetQuantity, is_pause


def sent(make: Any, listing: Any, decision: Any) -> list[Any]:
    """Everything that is sent because of a decision, until nothing more is wanted."""
    steps = []
    change = make.decided(listing, decision)
    while change.order is not None:
        begun = begin(change.listing, str(change.order.command_id), make.scene(), make.noon)
        change = begun.change
        if begun.step is not None:
            steps.append(begun.step)
            there: Any = change.listing.there
            match begun.step:
                case Create(price=price, quantity=quantity):
                    there = replace(make.there(shown="draft"), price=price, quantity=quantity)
                case Publish():
                    there = replace(there, shown="live")
                case SetPrice(price=price):
                    there = replace(there, price=price)
                case SetQuantity(quantity=quantity):
                    there = replace(there, quantity=quantity)
            change = make.answered(begun, there)
    return steps


@pytest.mark.parametrize("status", ["new", "active", "paused"])
def test_a_blank_minimum_is_not_a_minimum_of_nothing(make: Any, status: str) -> None:
    """A repricer read an empty field as 0 and followed a competitor down to the cent."""
    listing = {"new": make.listing(), "active": make.active(), "paused": make.paused()}[status]
    for price in (0.01, 5.00, 20.00, 26.33):
        blank = make.decision(number=2, price=price, floor=None)
        steps = sent(make, listing, blank)
        assert all(is_pause(step) for step in steps), steps
        zero = replace(blank, floor=make.usd(0))
        assert all(is_pause(step) for step in sent(make, listing, zero))


def test_an_hour_of_penny_prices_sells_nothing_for_a_penny(make: Any) -> None:
    """A tool set the price of everything to the least amount there is, with a floor to match."""
    penny = make.decision(number=2, price=0.01, floor=make.usd(0.01))
    steps = sent(make, make.active(), penny)
    assert steps == [SetQuantity(0, make.usd(26.33))], "it is taken off sale at its good price"
    assert sent(make, make.listing(), penny) == []
    assert sent(make, make.paused(), penny) == []


def test_for_as_long_as_the_hour_lasts_and_then_it_is_over(make: Any) -> None:
    listing = make.active()
    for number in range(2, 62):
        penny = make.decision(number=number, price=0.01, floor=make.usd(0.01))
        change = make.decided(listing, penny)
        listing = change.listing
        if change.order is not None:
            begun = begin(listing, str(change.order.command_id), make.scene(), make.noon)
            assert begun.step == SetQuantity(0, make.usd(26.33))
            listing = make.answered(begun, make.there(quantity=0)).listing
    assert (listing.status, listing.own_holds) == (ListingStatus.Paused, {Hold.below_floor})
    steps = sent(make, listing, make.decision(number=99, price=27))
    assert steps == [SetPrice(make.usd(27)), SetQuantity(5, make.usd(27))]
