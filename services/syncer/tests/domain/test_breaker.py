"""Prices that move too far, or too many at once, wait for a person."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts.listings import Hold, ListingRejected
from dropship.contracts.stores import StoreStatus, SuspendReason
from dropship.pricing.money import Money
from dropship.syncer.domain import bringing
from dropship.syncer.domain.breaker import jumps_too_far, share_bp, too_many
from dropship.syncer.domain.listing import resume
from dropship.syncer.domain.steps import SetPrice, SetQuantity


@pytest.mark.parametrize(("new", "stops"), [(60, False), (59.99, True), (1, True), (250, False)])
def test_a_fall_of_more_than_40_percent_stops(make: Any, new: float, stops: bool) -> None:
    assert (jumps_too_far(make.usd(100), make.usd(new), None) is not None) is stops


@pytest.mark.parametrize(("new", "stops"), [(300, False), (300.01, True), (45_000, True)])
def test_a_rise_to_more_than_three_times_as_much_stops(make: Any, new: float, stops: bool) -> None:
    assert (jumps_too_far(make.usd(100), make.usd(new), None) is not None) is stops


def test_a_price_that_a_person_let_pass_passes(make: Any) -> None:
    assert not jumps_too_far(make.usd(100), make.usd(50), make.usd(50))
    assert jumps_too_far(make.usd(100), make.usd(49.99), make.usd(50))
    assert not jumps_too_far(make.usd(100), make.usd(400), make.usd(400))
    assert jumps_too_far(make.usd(100), make.usd(400.01), make.usd(400))
    assert jumps_too_far(make.usd(100), make.usd(50), Money(1, "JPY"))
    assert jumps_too_far(Money(100, "JPY"), make.usd(50), None)


@given(old=st.integers(1, 10**6), new=st.integers(1, 10**6))
def test_a_move_is_never_rounded_away(old: int, new: int) -> None:
    moved = share_bp(Money(old, "USD"), Money(new, "USD"))
    assert moved * old >= abs(new - old) * 10_000 > (moved - 1) * old


@pytest.mark.parametrize(
    ("moved", "active", "stops"), [(5, 1, False), (6, 30, False), (6, 29, True), (201, 1000, True)]
)
def test_more_than_five_and_more_than_a_fifth_are_too_many(
    moved: int, active: int, stops: bool
) -> None:
    assert too_many(moved, active) is stops


def low(make: Any) -> Any:
    """Half the price, by a floor and a cost that allow it."""
    decision = make.decision(price=13, floor=make.usd(11), cost=make.usd(10))
    return make.active(price=26.33, decided=decision), make.product(10)


def test_a_listing_whose_price_would_crash_is_held_and_paused_instead(make: Any) -> None:
    listing, product = low(make)
    begun = make.begun(listing, make.scene(product))
    assert begun.step == SetQuantity(0, make.usd(26.33))
    assert begun.change.listing.own_holds == {Hold.breaker}
    (said,) = begun.change.facts
    assert isinstance(said, ListingRejected)
    assert (said.reason, said.detail) == (
        "breaker",
        "the price would fall by more than 40 % at once",
    )


def test_a_crash_that_was_refused_counts_towards_the_breaker_of_its_store(make: Any) -> None:
    listing, product = low(make)
    assert make.begun(listing, make.scene(product)).moved_bp == 5063
    losing = make.begun(make.active(decided=make.decision(price=34)), make.scene(make.product(40)))
    assert (losing.change.listing.own_holds, losing.moved_bp) == ({Hold.below_floor}, None)


def test_a_person_who_resumes_it_lets_this_price_pass_and_no_lower_one(make: Any) -> None:
    listing, product = low(make)
    held = make.begun(listing, make.scene(product)).change.listing
    resumed = resume(held)
    begun = make.begun(resumed, make.scene(product))
    assert begun.step == SetPrice(make.usd(13))
    assert begun.moved_bp == 5063
    lower = make.decision(number=2, price=12, floor=make.usd(11), cost=make.usd(10))
    again = make.begun(make.decided(resumed, lower, product).listing, make.scene(product))
    assert again.change.listing.own_holds == {Hold.breaker}


def test_what_a_person_let_pass_passes_once(make: Any) -> None:
    """Months later the price is back up, and a page is misread as cheap as that again."""
    listing, product = low(make)
    resumed = resume(make.begun(listing, make.scene(product)).change.listing)
    begun = make.begun(resumed, make.scene(product))
    unmade = replace(make.answered(begun, make.there()).listing, bringing=None)
    assert make.begun(unmade, make.scene(product)).step == SetPrice(make.usd(13))
    made = make.answered(begun, make.there(13)).listing
    back_up = replace(made, there=make.there(26.33))
    again = make.begun(back_up, make.scene(product))
    assert again.change.listing.own_holds == {Hold.breaker}


def test_what_a_person_let_pass_is_forgotten_once_it_is_not_wanted_any_more(make: Any) -> None:
    """It was never sent: the next decision took it back. Months later a page is misread again."""
    listing, product = low(make)
    resumed = resume(make.begun(listing, make.scene(product)).change.listing)
    taken_back = replace(make.decided(resumed, make.decision(number=2)).listing, bringing=None)
    wanted = make.decision(number=3, price=14, floor=make.usd(11), cost=make.usd(10))
    misread = make.decided(taken_back, wanted, product).listing
    again = make.begun(replace(misread, bringing=None), make.scene(product))
    assert again.change.listing.own_holds == {Hold.breaker}


def test_too_many_moves_suspend_the_store_and_hold_nobody(make: Any) -> None:
    listing = make.active(decided=make.decision(price=34))
    five = frozenset(f"listing-{n}" for n in range(5))
    begun = make.begun(listing, make.scene(moved=five, active=20))
    assert begun.step is None
    assert begun.change.suspend is not None
    assert begun.change.suspend.reason is SuspendReason.breaker
    assert begun.change.listing.holds == ()
    assert begun.change.listing.bringing is None
    assert begun.change.order is None, "the store is closed to prices now"
    calm = make.begun(listing, make.scene(moved=five, active=30))
    assert (calm.step, calm.change.suspend) == (SetPrice(make.usd(34)), None)


def rising(make: Any) -> Any:
    """The cost has risen over the price that buyers see, and the new price is on its way."""
    dearer = make.product(29)
    wanted = make.decision(number=2, price=38.01, floor=make.usd(31), cost=make.usd(29))
    change = make.decided(make.active(), wanted, make.looked_at(dearer))
    assert change.listing.holds == ()
    return change, dearer


def test_a_listing_whose_price_may_not_rise_any_more_is_not_sold_at_a_loss(make: Any) -> None:
    """The supplier makes everything dearer at once: the breaker must not keep the old prices."""
    change, dearer = rising(make)
    five = frozenset(f"listing-{n}" for n in range(5))
    scene = make.scene(dearer, moved=five, active=20)
    begun = bringing.begin(change.listing, str(change.order.command_id), scene, make.noon)
    assert begun.change.suspend is not None
    assert begun.step == SetQuantity(0, make.usd(26.33))
    assert begun.change.listing.own_holds == {Hold.below_floor}


def test_nor_are_those_whose_turn_comes_after_the_breaker(make: Any) -> None:
    change, dearer = rising(make)
    broken = make.scene(dearer, standing=make.standing(StoreStatus.suspended, "breaker"))
    begun = bringing.begin(change.listing, str(change.order.command_id), broken, make.noon)
    assert begun.step == SetQuantity(0, make.usd(26.33))
    paused = make.answered(begun, make.there(quantity=0)).listing
    lifted = make.weighed(paused, make.looked_at(dearer)).listing
    assert make.begun(lifted, make.scene(dearer)).step == SetPrice(make.usd(38.01))
