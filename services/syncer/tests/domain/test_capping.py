"""Whoever bought one must not find it on offer again before anybody has counted the sale."""

from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts.listings import Hold, SyncState
from dropship.pricing.money import Money
from dropship.syncer.domain.bringing import settle
from dropship.syncer.domain.capping import (
    DECIDED_WITHIN_S,
    ORDERS_LAG_S,
    allowed_step,
    lifted,
    noted,
)
from dropship.syncer.domain.listing import Cap, hold
from dropship.syncer.domain.steps import UNLIMITED, Create, Look, SetPrice, SetQuantity

CENT = Money(1, "USD")


def sold_down(make: Any, quantity: int = 3, **more: Any) -> Any:
    """Five were on offer, and a reading has found fewer."""
    there = make.there(quantity=quantity)
    listing = noted(make.active(**more), there, Look(), make.noon)
    return replace(listing, there=there)


def test_after_a_sale_no_more_is_offered_than_was_left(make: Any) -> None:
    listing = sold_down(make)
    assert listing.cap == Cap(3, make.noon)
    assert allowed_step(listing, make.live) is None
    change = settle(listing, make.live, make.noon)
    assert (change.order, change.listing.sync) == (None, SyncState.pending)


def test_a_listing_that_sold_out_stays_so_until_the_sale_is_counted(make: Any) -> None:
    assert allowed_step(sold_down(make, quantity=0), make.live) is None


def test_lowering_a_price_and_a_pause_wait_for_no_sale_to_be_counted(make: Any) -> None:
    listing = sold_down(make)
    fewer = replace(listing, decided=make.decision(number=2, quantity=1))
    assert allowed_step(fewer, make.live) == SetQuantity(1, make.usd(26.33))
    dearer = replace(listing, decided=make.decision(number=2, price=30))
    assert allowed_step(dearer, make.live) == SetPrice(make.usd(30))
    paused = hold(listing, Hold.stale)
    assert allowed_step(paused, make.live) == SetQuantity(0, make.usd(26.33))
    assert settle(paused, make.live, make.noon).order is not None


def test_one_that_was_paused_comes_back_with_what_was_left(make: Any) -> None:
    listing = replace(sold_down(make), there=make.there(quantity=0))
    assert allowed_step(listing, make.live) == SetQuantity(3, make.usd(26.33))


@pytest.mark.parametrize(
    ("before", "sent", "now", "cap"),
    [
        (5, Look(), 5, None),
        (5, Look(), 6, None),
        (5, Look(), 4, 4),
        (5, SetQuantity(2, CENT), 2, None),
        (5, SetQuantity(2, CENT), 5, None),
        (5, SetQuantity(2, CENT), 1, 1),
        (3, SetQuantity(5, CENT), 5, None),
        (3, SetQuantity(5, CENT), 3, None),
        (3, SetQuantity(5, CENT), 4, 4),
        (UNLIMITED, Look(), 7, None),
        (None, Create(CENT, 5), 5, None),
        (None, Create(CENT, 5), 4, 4),
    ],
)
def test_only_what_we_did_not_lower_ourselves_was_bought(
    make: Any, before: int | None, sent: Any, now: int, cap: int | None
) -> None:
    there = make.there(quantity=before) if before is not None else None
    listing = noted(make.active(there=there), make.there(quantity=now), sent, make.noon)
    assert listing.cap == (Cap(cap, make.noon) if cap is not None else None)


def test_the_next_sale_counts_from_its_own_moment(make: Any) -> None:
    listing = sold_down(make)
    again = noted(listing, make.there(quantity=2), Look(), make.at(60))
    assert again.cap == Cap(2, make.at(60))
    assert noted(again, make.there(quantity=2), Look(), make.at(90)).cap == again.cap
    assert noted(again, None, Look(), make.at(90)).cap is None


def test_the_orders_must_have_been_read_since_the_sale_was_noticed(make: Any) -> None:
    listing = sold_down(make)
    newer = replace(listing, decided=make.decision(number=2, at=make.at(500)))
    for began_s in (-60, 0, ORDERS_LAG_S - 0.1):
        assert lifted(newer, make.at(began_s), None, make.at(9999)) == newer
    assert lifted(newer, make.at(ORDERS_LAG_S), None, make.at(11)).cap is None


def test_fewer_without_a_sale_are_set_right_once_the_orders_say_so(make: Any) -> None:
    listing = lifted(sold_down(make), make.at(60), None, make.at(61))
    assert allowed_step(listing, make.live) == Look(), "a price may have been changed meanwhile"
    seen = replace(listing, sync=SyncState.in_sync)
    assert allowed_step(seen, make.live) == SetQuantity(5, make.usd(26.33))


def test_a_sale_that_was_told_waits_for_a_decision_that_counts_it(make: Any) -> None:
    listing, told = sold_down(make), make.at(60)
    assert lifted(listing, make.at(60), told, make.at(61)) == listing
    older = replace(listing, decided=make.decision(number=2, at=make.at(59)))
    assert lifted(older, make.at(60), told, make.at(61)) == older
    newer = replace(listing, decided=make.decision(number=2, quantity=4, at=make.at(61)))
    counted = lifted(newer, make.at(60), told, make.at(62))
    seen = replace(counted, sync=SyncState.in_sync)
    assert allowed_step(seen, make.live) == SetQuantity(4, make.usd(26.33))


def test_where_no_decision_changes_by_a_sale_it_is_filled_up_in_the_end(make: Any) -> None:
    """The supplier has plenty: policy says nothing new."""
    listing, told = sold_down(make), make.at(60)
    late = make.at(60 + DECIDED_WITHIN_S)
    assert lifted(listing, make.at(120), told, late).cap is None


def test_without_a_sale_there_is_nothing_to_lift(make: Any) -> None:
    assert lifted(make.active(), make.at(60), None, make.at(61)) == make.active()
