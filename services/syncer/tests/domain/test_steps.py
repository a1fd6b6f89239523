"""One step at a time, and in the order that loses nobody money."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts.listings import Hold, ListingStatus, SyncState
from dropship.contracts.stores import StoreStatus
from dropship.syncer.domain.listing import end, hold
from dropship.syncer.domain.steps import (
    UNLIMITED,
    Create,
    End,
    Look,
    Publish,
    SetPrice,
    SetQuantity,
    is_pause,
    lane_of,
    next_step,
)


def test_nothing_is_made_before_there_is_a_decision_or_while_it_is_held(make: Any) -> None:
    assert next_step(make.listing(), make.live) is None
    wanted = make.listing(decided=make.decision())
    assert next_step(wanted, make.live) == Create(make.usd(26.33), 5)
    assert next_step(hold(wanted, Hold.manual), make.live) is None
    assert next_step(make.listing(decided=make.decision(quantity=0)), make.live) is None
    assert next_step(make.listing(decided=make.decision(price=None)), make.live) is None


def test_a_draft_is_brought_up_to_date_before_it_is_published(make: Any) -> None:
    draft = make.listing(decided=make.decision(), there=make.there(25, 3, "draft"))
    assert next_step(draft, make.live) == SetPrice(make.usd(26.33))
    draft = replace(draft, there=make.there(26.33, 3, "draft"))
    assert next_step(draft, make.live) == SetQuantity(5, make.usd(26.33))
    draft = replace(draft, there=make.there(26.33, 5, "draft"))
    assert next_step(draft, make.live) == Publish(make.usd(26.33))
    assert next_step(hold(draft, Hold.manual), make.live) == SetQuantity(0, make.usd(26.33))


@given(
    price=st.integers(100, 5000),
    quantity=st.integers(0, 9),
    wanted=st.integers(100, 5000),
    many=st.integers(0, 9),
    held=st.booleans(),
)
def test_the_only_write_after_a_hold_is_quantity_0(
    make: Any, price: int, quantity: int, wanted: int, many: int, held: bool
) -> None:
    listing = make.active(
        there=make.there(price / 100, quantity),
        decided=make.decision(price=wanted / 100, quantity=many),
    )
    if held:
        step = next_step(hold(listing, Hold.stale), make.live)
        assert step is None if quantity == 0 else step == SetQuantity(0, listing.there.price)
        return
    step = next_step(listing, make.live)
    if isinstance(step, SetQuantity) and step.quantity > quantity:
        assert price == wanted, "more is only for sale at the price that is wanted"
    if step is None:
        assert (price, quantity) == (wanted, many)


def test_what_would_sell_on_at_0_is_stopped_before_it_gets_a_price_or_a_quantity(make: Any) -> None:
    for wanted in (24.0, 26.33, 30.0):
        endless = make.active(
            there=make.there(quantity=UNLIMITED), decided=make.decision(price=wanted)
        )
        for listing in (endless, hold(endless, Hold.manual)):
            stop = next_step(listing, make.live)
            assert stop == SetQuantity(0, make.usd(26.33))
            assert is_pause(stop)
            assert lane_of(listing, stop) == "now"


def test_a_resumed_listing_gets_its_price_first(make: Any) -> None:
    for wanted in (24.0, 30.0):
        back = make.active(there=make.there(26.33, 0), decided=make.decision(price=wanted))
        assert next_step(back, make.live) == SetPrice(make.usd(wanted))
        back = replace(back, there=make.there(wanted, 0))
        assert next_step(back, make.live) == SetQuantity(5, make.usd(wanted))


def test_a_price_rises_before_anything_else_and_falls_after_what_was_sold_out(make: Any) -> None:
    dearer = make.active(decided=make.decision(price=30, quantity=2))
    assert next_step(dearer, make.live) == SetPrice(make.usd(30))
    cheaper = make.active(decided=make.decision(price=24, quantity=2))
    assert next_step(cheaper, make.live) == SetQuantity(2, make.usd(26.33))


def test_what_is_in_doubt_is_looked_at_before_anything_is_sent(make: Any) -> None:
    for listing in (make.listing(), make.active(), hold(make.active(), Hold.manual)):
        assert next_step(replace(listing, sync=SyncState.unknown), make.live) == Look()


def test_it_ends_when_a_person_wants_it_and_only_once(make: Any) -> None:
    assert next_step(end(hold(make.active(), Hold.manual), "user"), make.live) == End()
    over = end(make.active(there=make.there(shown="ended")), "user")
    assert next_step(over, make.live) is None
    for status in (ListingStatus.Ended, ListingStatus.Delisted):
        assert next_step(make.active(status=status), make.live) is None


def test_a_dry_run_sends_nothing(make: Any) -> None:
    for listing in (make.listing(decided=make.decision()), hold(make.active(), Hold.stale)):
        assert next_step(listing, make.dry_run) is None


@pytest.mark.parametrize("reason", ["auth_revoked", "scope_missing"])
def test_a_store_that_refuses_us_gets_no_call_at_all(make: Any, reason: str) -> None:
    shut = make.standing(StoreStatus.suspended, reason)
    assert next_step(hold(make.active(), Hold.stale), shut) is None
    assert next_step(make.active(), make.standing(StoreStatus.disconnected)) is None


def test_the_breaker_stops_prices_and_lets_pauses_pass(make: Any) -> None:
    broken = make.standing(StoreStatus.suspended, "breaker")
    assert next_step(make.active(decided=make.decision(price=30)), broken) is None
    pause = next_step(hold(make.active(), Hold.stale), broken)
    assert pause is not None
    assert is_pause(pause)


def test_what_stops_a_sale_takes_the_fast_lane(make: Any) -> None:
    held = hold(make.active(), Hold.stale)
    assert lane_of(held, SetQuantity(0, make.usd(26.33))) == "now"
    assert lane_of(held, Look()) == "now"
    assert lane_of(make.active(), Look()) == "soon"
    assert lane_of(make.active(), SetPrice(make.usd(30))) == "soon"
    assert lane_of(make.active(), End()) == "now"
