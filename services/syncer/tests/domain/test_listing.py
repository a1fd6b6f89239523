"""What is wanted of a listing: the newest decision, and everybody's reasons to hold it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts.listings import Hold
from dropship.pricing.money import Money
from dropship.syncer.domain.listing import decide, hold, lift, resume


@given(numbers=st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_the_highest_decision_holds_in_whatever_order_they_come(
    make: Any, numbers: list[int]
) -> None:
    listing = make.listing()
    for number in numbers:
        decided = make.decision(number=number, price=20 + number, quantity=number)
        listing = decide(listing, decided)
    assert listing.decided == make.decision(
        number=max(numbers), price=20 + max(numbers), quantity=max(numbers)
    )


def test_an_older_decision_lifts_nothing(make: Any) -> None:
    listing = hold(make.active(decided=make.decision(number=7)), Hold.below_floor)
    assert decide(listing, make.decision(number=7)) == listing
    assert decide(listing, make.decision(number=3)) == listing


def test_no_decision_and_no_fact_lifts_what_waits_for_a_person(make: Any) -> None:
    for reason in (Hold.manual, Hold.breaker, Hold.rejected, Hold.drifted):
        held = hold(make.active(), reason)
        assert decide(held, make.decision(number=2)).holds == (reason,)
        assert resume(held).holds == ()


def test_resuming_by_hand_leaves_the_reasons_of_others(make: Any) -> None:
    decided = make.decision(holds=(Hold.low_margin,))
    held = hold(hold(make.active(decided=decided), Hold.manual), Hold.stale)
    assert resume(held).holds == (Hold.low_margin, Hold.stale)


def test_reasons_stand_in_one_order_and_each_of_them_once(make: Any) -> None:
    decided = make.decision(holds=(Hold.out_of_stock, Hold.no_policy))
    held = hold(hold(make.active(decided=decided), Hold.manual), Hold.out_of_stock)
    assert held.holds == (Hold.no_policy, Hold.out_of_stock, Hold.manual)
    assert lift(held, {Hold.out_of_stock}).holds == held.holds


def test_a_price_in_another_currency_is_none(make: Any) -> None:
    listing = decide(make.listing(), make.decision(price=None))
    assert listing.holds == ()
    foreign = replace(make.decision(number=2), price=Money(2633, "EUR"))
    held = decide(listing, foreign)
    assert held.decided is not None
    assert (held.decided.price, held.holds) == (None, (Hold.no_price,))


def test_what_a_person_let_pass_is_the_price_they_saw(make: Any) -> None:
    listing = hold(make.active(decided=make.decision(price=12, floor=make.usd(10))), Hold.breaker)
    assert resume(listing).cleared == make.usd(12)
    assert resume(hold(make.active(), Hold.manual)).cleared is None
