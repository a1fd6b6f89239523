"""How long a listing may sell on what was last seen."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.syncer.domain.facts import Product, Reading
from dropship.syncer.domain.lease import expire, fresh, renew
from dropship.syncer.domain.listing import hold


def test_an_agreeing_look_renews_it_from_when_the_log_stored_the_look(make: Any) -> None:
    seen = make.looked_at(make.product(), 600)
    renewed = renew(make.active(), seen, 3600, make.at(700))
    assert renewed.fresh_until == make.at(10_800), "never shortened"
    assert renew(make.active(), seen, 10_800, make.at(700)).fresh_until == make.at(11_400)


def test_a_look_that_disagrees_renews_nothing(make: Any) -> None:
    looks = [
        Reading(make.at(600), make.usd(20.01), Availability.in_stock),
        Reading(make.at(600), make.usd(20), Availability.low),
        Reading(make.at(600), None, Availability.in_stock),
        Reading(make.at(600), make.usd(20), Availability.unknown),
    ]
    for look in looks:
        product = make.product().looked_at(look)
        assert renew(make.active(), product, 99_999, make.at(700)) == make.active()


def test_nor_does_one_that_agrees_while_the_decision_rests_on_older_facts(make: Any) -> None:
    """The tracker has heard of the new cost, policy has not: the lease goes on running out."""
    dearer = make.looked_at(make.product(21), 600)
    assert renew(make.active(), dearer, 99_999, make.at(700)) == make.active()
    assert renew(make.listing(), dearer, 99_999, make.at(700)).fresh_until is None


def test_the_look_that_came_before_the_decision_counts_once_there_is_one(make: Any) -> None:
    change = make.decided(make.listing(), make.decision(), make.looked_at(make.product(), -60))
    assert change.listing.fresh_until == make.at(10_740)


def test_it_ends_and_what_sells_is_held(make: Any) -> None:
    assert expire(make.active(), make.at(10_799)).holds == ()
    assert expire(make.active(), make.at(10_800)).holds == (Hold.stale,)
    assert expire(make.paused(), make.at(99_999)) == make.paused()
    assert not fresh(make.listing(), make.noon)


def test_an_agreeing_look_lifts_it_again_and_an_old_one_does_not(make: Any) -> None:
    held = hold(make.active(), Hold.stale)
    late = make.at(20_000)
    assert renew(held, make.looked_at(make.product(), 5000), 10_800, late).holds == (Hold.stale,)
    assert renew(held, make.looked_at(make.product(), 15_000), 10_800, late).holds == ()


@given(ages=st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_only_the_newest_look_counts_in_whatever_order_they_come(
    make: Any, ages: list[int]
) -> None:
    product: Product = make.product()
    for age in ages:
        product = product.looked_at(Reading(make.at(-age), make.usd(20), Availability.in_stock))
    assert product.reading is not None
    assert product.reading.at == make.at(-min(ages))


def test_a_page_that_is_seen_again_has_not_vanished(make: Any) -> None:
    gone = replace(make.product(), vanished=True)
    assert not gone.buyable
    assert make.looked_at(gone).buyable
