"""What the syncer concludes by itself from what it hears."""

from typing import Any

from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.contracts.stores import StoreStatus
from dropship.syncer.domain.facts import Product, Taxes
from dropship.syncer.domain.listing import decide, hold
from dropship.syncer.domain.steps import SetPrice
from dropship.syncer.domain.weighing import alarm, weigh


def test_a_listing_that_sells_is_stopped_by_what_we_heard_ourselves(make: Any) -> None:
    def heard(product: Product) -> Any:
        told = alarm(make.active(), product, make.fee_schedule, make.noon)
        return told.hold if told else None

    assert heard(make.product()) is None
    assert heard(make.product(25.26)) is None, "26.33 less 1.06 of fees is 25.27"
    assert heard(make.product(25.28)) is Hold.below_floor
    assert heard(make.product(availability=Availability.out_of_stock)) is Hold.out_of_stock
    assert heard(make.product(None)) is Hold.out_of_stock
    assert heard(make.product(vanished=True)) is Hold.vanished
    assert alarm(make.paused(), make.product(99), make.fee_schedule, make.noon) is None


def test_a_cost_that_only_the_vat_makes_too_high_stops_it_without_waiting_for_policy(
    make: Any,
) -> None:
    vat = make.active(decided=make.decision(taxes=Taxes("0", "0.19", ("p", 1))))
    dearer = make.product(21.08)
    assert make.weighed(vat, dearer).listing.own_holds == {Hold.below_floor}
    assert make.weighed(make.active(), dearer).listing.own_holds == set()


def test_a_doubt_about_facts_ends_with_a_decision_that_rests_on_them(make: Any) -> None:
    dearer = make.product(25)
    for doubt in (Hold.below_floor, Hold.no_floor, Hold.out_of_stock):
        held = hold(make.paused(), doubt)
        blind = make.decided(held, make.decision(number=2), dearer)
        assert blind.listing.own_holds == {doubt}, "it was made from the old cost"
        aware = make.decision(number=2, price=33, cost=make.usd(25))
        assert make.decided(held, aware, dearer).listing.own_holds == set()


def test_a_doubt_ends_too_when_the_facts_come_back_to_what_was_decided_on(make: Any) -> None:
    gone = make.product(availability=Availability.out_of_stock)
    held = make.weighed(make.active(), gone).listing
    assert held.own_holds == {Hold.out_of_stock}
    assert make.weighed(held, gone).listing.own_holds == {Hold.out_of_stock}
    assert make.weighed(held, make.product()).listing.own_holds == set()


def test_a_decision_that_would_not_pass_the_gate_ends_no_doubt(make: Any) -> None:
    held = hold(make.paused(), Hold.below_floor)
    for wrong in (make.decision(number=2, price=20.5), make.decision(number=2, floor=None)):
        assert make.decided(held, wrong, make.product()).listing.own_holds == {Hold.below_floor}


def test_while_a_sound_price_is_on_its_way_the_old_one_is_no_alarm(make: Any) -> None:
    """Or it would be held for ever: no newer decision would come to lift it."""
    dearer = make.product(29)
    aware = make.decision(number=2, price=38.01, floor=make.usd(31), cost=make.usd(29))
    change = make.decided(hold(make.active(), Hold.below_floor), aware, dearer)
    assert change.listing.holds == ()
    again = make.weighed(change.listing, dearer)
    assert again.listing.holds == ()
    renewed = replace(again.listing, bringing=None)
    assert make.begun(renewed, make.scene(dearer)).step == SetPrice(make.usd(38.01))


def test_unless_the_breaker_keeps_it_from_being_sent(make: Any) -> None:
    broken = make.standing(StoreStatus.suspended, "breaker")
    dearer = make.product(29)
    aware = make.decision(number=2, price=38.01, floor=make.usd(31), cost=make.usd(29))
    listing = decide(make.active(), aware)
    held = weigh(listing, dearer, broken, make.fee_schedule, make.lease_s, make.noon)
    assert held.own_holds == {Hold.below_floor}
    lifted = weigh(held, dearer, make.live, make.fee_schedule, make.lease_s, make.noon)
    assert lifted.own_holds == set()
