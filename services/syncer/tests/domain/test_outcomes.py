"""What came of a call; the same facts whether it was answered, or found out later."""

from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingDrifted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRejected,
    ListingRepriced,
    ListingRestocked,
    ListingResumed,
    ListingStatus,
    SyncState,
)
from dropship.contracts.money import Money as Wire
from dropship.contracts.stores import SuspendReason
from dropship.pricing.money import Money
from dropship.syncer.domain.listing import end, hold
from dropship.syncer.domain.outcomes import (
    Barred,
    Ill,
    Intent,
    Moved,
    Unfit,
    checked,
    failed,
    in_doubt,
    seen,
)
from dropship.syncer.domain.steps import UNLIMITED, Create, Look, SetPrice, SetQuantity


def kinds(facts: Any) -> list[type]:
    return [type(fact) for fact in facts]


def new(make: Any) -> Any:
    """Decided and fresh, with nothing there yet."""
    return make.listing(decided=make.decision(), fresh_until=make.at(9999))


def test_a_draft_says_nothing_and_goes_on_to_be_published(make: Any) -> None:
    change = make.answered(make.begun(new(make)), make.there(shown="draft"))
    assert (change.facts, change.listing.status) == ((), ListingStatus.Pending)
    assert change.order is not None
    published = make.answered(make.begun(change.listing), make.there())
    (said,) = published.facts
    assert said == ListingPublished(
        listing_id=change.listing.id,
        product_id="kettle",
        store_id="store-1",
        external_id="gid-1",
        price=Wire("26.33", "USD"),
        quantity=5,
        decision_no=1,
    )
    assert (published.listing.status, published.listing.sync) == (
        ListingStatus.Active,
        SyncState.in_sync,
    )
    assert published.order is None


def test_a_create_that_got_lost_is_looked_for_and_never_made_twice(make: Any) -> None:
    begun = make.begun(new(make))
    lost = in_doubt(
        begun.change.listing, make.intent(begun).command_id, "timeout", make.live, make.noon
    )
    assert (lost.listing.sync, lost.order) == (SyncState.unknown, None)
    looked = make.begun(replace(lost.listing, bring_again_at=None))
    assert looked.step == Look()
    intent = replace(make.intent(begun), command_id=make.intent(looked).command_id)
    found = seen(looked.change.listing, make.there(shown="draft"), intent, make.live, make.noon)
    assert found.facts == ()
    assert found.listing.there == make.there(shown="draft")
    nothing = seen(looked.change.listing, None, intent, make.live, make.noon)
    assert make.begun(nothing.listing).step == Create(make.usd(26.33), 5)


def test_a_publish_that_got_lost_says_published_once_it_is_seen(make: Any) -> None:
    begun = make.begun(replace(new(make), there=make.there(shown="draft")))
    found = seen(begun.change.listing, make.there(), make.intent(begun), make.live, make.noon)
    assert kinds(found.facts) == [ListingPublished]


def test_repriced_restocked_paused_and_resumed(make: Any) -> None:
    dearer = make.answered(
        make.begun(make.active(decided=make.decision(number=2, price=30))), make.there(30)
    )
    (said,) = dearer.facts
    assert isinstance(said, ListingRepriced)
    assert (said.old, said.new, said.decision_no) == (Wire("26.33", "USD"), Wire("30.00", "USD"), 2)
    fewer = make.answered(
        make.begun(make.active(decided=make.decision(quantity=2))), make.there(quantity=2)
    )
    (said,) = fewer.facts
    assert isinstance(said, ListingRestocked)
    assert (said.old, said.new) == (5, 2)
    paused = make.answered(make.begun(hold(make.active(), Hold.stale)), make.there(quantity=0))
    (said,) = paused.facts
    assert isinstance(said, ListingPaused)
    assert (said.holds, paused.listing.status) == ((Hold.stale,), ListingStatus.Paused)
    resumed = make.answered(make.begun(make.paused()), make.there())
    (said,) = resumed.facts
    assert isinstance(said, ListingResumed)
    assert (said.price, said.quantity) == (Wire("26.33", "USD"), 5)
    assert resumed.listing.status is ListingStatus.Active


def test_a_resume_that_was_overtaken_by_a_hold_tells_the_truth_and_pauses_again(
    make: Any,
) -> None:
    begun = make.begun(make.paused())
    held = replace(
        begun, change=replace(begun.change, listing=hold(begun.change.listing, Hold.manual))
    )
    change = make.answered(held, make.there())
    assert kinds(change.facts) == [ListingResumed]
    assert change.order is not None
    assert change.order.lane == "now"


def test_what_a_person_puts_up_for_sale_while_it_is_held_is_no_resumption(make: Any) -> None:
    held = hold(make.paused(), Hold.manual)
    change = checked(held, make.there(quantity=7), make.live, make.noon)
    assert kinds(change.facts) == [ListingRestocked]
    assert change.listing.status is ListingStatus.Paused
    assert change.order is not None
    assert make.begun(change.listing).step == SetQuantity(0, make.usd(26.33))


def test_what_a_person_hides_is_brought_to_0_all_the_same(make: Any) -> None:
    change = checked(make.active(), make.there(shown="draft"), make.live, make.noon)
    assert Hold.drifted in change.listing.holds
    assert make.begun(change.listing).step == SetQuantity(0, make.usd(26.33))


def test_what_was_sold_meanwhile_is_no_drift(make: Any) -> None:
    change = checked(make.active(), make.there(quantity=3), make.live, make.noon)
    (said,) = change.facts
    assert isinstance(said, ListingRestocked)
    assert (said.old, said.new) == (5, 3)
    assert make.begun(change.listing).step == SetQuantity(5, make.usd(26.33))


def test_a_price_of_somebody_else_s_is_told_and_held(make: Any) -> None:
    change = checked(make.active(), make.there(0.01), make.live, make.noon)
    drift, repriced = change.facts
    assert isinstance(drift, ListingDrifted)
    assert (drift.what, drift.ours, drift.theirs) == ("price", "26.33 USD", "0.01 USD")
    assert isinstance(repriced, ListingRepriced)
    assert (change.listing.holds, change.listing.sync) == ((Hold.drifted,), SyncState.drifted)
    assert make.begun(change.listing).step == SetQuantity(0, make.usd(0.01))


def test_a_cancelled_order_that_puts_one_back_is_no_drift_and_is_set_right(make: Any) -> None:
    change = checked(make.active(), make.there(quantity=6), make.live, make.noon)
    assert kinds(change.facts) == [ListingRestocked]
    assert change.listing.holds == ()
    assert make.begun(change.listing).step == SetQuantity(5, make.usd(26.33))


def test_another_state_or_currency_is_drift_too(make: Any) -> None:
    for there, what in (
        (make.there(shown="draft"), "shown"),
        (replace(make.there(), price=Money(2633, "EUR")), "currency"),
    ):
        listing = make.active()
        if what == "currency":
            listing = replace(listing, there=there)
        change = checked(listing, there, make.live, make.noon)
        drifted = [fact for fact in change.facts if isinstance(fact, ListingDrifted)]
        assert [fact.what for fact in drifted] == [what]
        assert Hold.drifted in change.listing.holds


def test_what_would_sell_on_at_0_is_told_once_held_and_brought_to_0(make: Any) -> None:
    change = checked(make.active(), make.there(quantity=UNLIMITED), make.live, make.noon)
    (said,) = change.facts
    assert isinstance(said, ListingDrifted)
    assert (said.what, said.ours, said.theirs) == ("quantity", "5", "unlimited, it sells on at 0")
    assert (change.listing.holds, change.listing.sync) == ((Hold.drifted,), SyncState.drifted)
    assert change.order is not None
    assert change.order.lane == "now"
    pause = make.begun(change.listing)
    assert pause.step == SetQuantity(0, make.usd(26.33))
    still = make.answered(pause, make.there(quantity=UNLIMITED))
    assert still.facts == (), "the owner has been told"
    assert make.begun(still.listing).step == SetQuantity(0, make.usd(26.33))
    (said,) = make.answered(pause, make.there(quantity=0)).facts
    assert isinstance(said, ListingPaused)


def test_a_paused_listing_that_was_made_to_sell_on_is_no_pause(make: Any) -> None:
    held = hold(make.paused(), Hold.manual)
    change = checked(held, make.there(quantity=UNLIMITED), make.live, make.noon)
    assert kinds(change.facts) == [ListingDrifted]
    assert change.listing.status is ListingStatus.Paused
    pause = make.begun(change.listing)
    assert pause.step == SetQuantity(0, make.usd(26.33))
    stopped = make.answered(pause, make.there(quantity=0))
    assert (stopped.facts, stopped.order) == ((), None)
    by_hand = checked(change.listing, make.there(quantity=5), make.live, make.noon)
    assert ListingResumed not in kinds(by_hand.facts), "it is held, whoever counts again"


def test_what_was_sent_in_doubt_is_ours_when_it_is_seen(make: Any) -> None:
    listing = make.active(decided=make.decision(number=3, price=31))
    intent = Intent("command", SetPrice(make.usd(30)), 2)
    for there in (make.there(30), make.there(26.33)):
        change = seen(listing, there, intent, make.live, make.noon)
        assert change.listing.holds == ()
        assert make.begun(change.listing).step == SetPrice(make.usd(31))
    (said,) = seen(listing, make.there(30), intent, make.live, make.noon).facts
    assert getattr(said, "decision_no", None) == 2, "the decision it was sent for"


def test_it_is_over_when_the_marketplace_says_so(make: Any) -> None:
    look = Intent("command", Look(), 1)
    for change, reason in (
        (seen(make.active(), None, look, make.live, make.noon), "gone"),
        (checked(make.active(), make.there(shown="ended"), make.live, make.noon), "marketplace"),
    ):
        (said,) = change.facts
        assert isinstance(said, ListingEnded)
        assert (said.reason, change.listing.status) == (reason, ListingStatus.Ended)
        assert change.order is None
    ours = make.answered(make.begun(end(make.active(), "user")), make.there(shown="ended"))
    assert (ours.facts[0].reason, ours.listing.status) == ("user", ListingStatus.Ended)
    draft = end(replace(new(make), there=make.there(shown="draft")), "user")
    taken_back = make.answered(make.begun(draft), make.there(shown="ended"))
    assert kinds(taken_back.facts) == [ListingDelisted]


def test_one_look_that_finds_nothing_ends_no_listing(make: Any) -> None:
    change = checked(make.active(), None, make.live, make.noon)
    assert (change.facts, change.listing.there) == ((), make.active().there)
    assert (change.listing.sync, change.listing.bring_again_at) == (SyncState.unknown, make.at(60))
    second = make.begun(replace(change.listing, bring_again_at=None), seconds=60)
    assert second.step == Look()
    found = make.answered(second, make.there())
    assert (found.facts, found.order, found.listing.sync_detail) == ((), None, None)
    assert found.listing.sync is SyncState.in_sync
    assert kinds(make.answered(second, None).facts) == [ListingEnded]
    urgent = hold(change.listing, Hold.manual)
    assert make.begun(urgent).step == Look(), "a pause waits for nothing"


def test_an_ill_marketplace_is_left_alone_for_longer_and_longer(make: Any) -> None:
    listing = make.active(decided=make.decision(price=25))
    waits = []
    for _ in range(12):
        begun = make.begun(replace(listing, bring_again_at=None))
        change = failed(
            begun.change.listing, Ill(0, "down"), make.intent(begun), make.live, make.noon
        )
        listing = change.listing
        assert (change.facts, change.order, listing.holds) == ((), None, ())
        waits.append((listing.bring_again_at - make.noon).total_seconds())
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    told = failed(listing, Ill(900, "busy"), make.intent(begun), make.live, make.noon).listing
    assert (told.bring_again_at, told.sync_detail) == (make.at(900), "busy")


@pytest.mark.parametrize("after_s", [0, 60, 3600])
def test_a_pause_is_tried_again_within_half_a_minute_whatever_the_marketplace_asks_for(
    make: Any, after_s: float
) -> None:
    begun = make.begun(hold(make.active(failures=40), Hold.stale))
    ill = Ill(after_s, "down")
    change = failed(begun.change.listing, ill, make.intent(begun), make.live, make.noon)
    assert change.listing.bring_again_at == make.at(30)


def test_a_price_that_must_rise_while_it_sells_is_tried_again_within_half_a_minute(
    make: Any,
) -> None:
    begun = make.begun(make.active(decided=make.decision(price=30), failures=40))
    change = failed(
        begun.change.listing, Ill(900, "busy"), make.intent(begun), make.live, make.noon
    )
    assert change.listing.bring_again_at == make.at(30)


def test_what_the_marketplace_refuses_waits_for_a_person_and_is_not_sold(make: Any) -> None:
    begun = make.begun(make.active(decided=make.decision(price=30)))
    change = failed(begun.change.listing, Unfit("no"), make.intent(begun), make.live, make.noon)
    (said,) = change.facts
    assert isinstance(said, ListingRejected)
    assert (said.reason, said.detail) == ("marketplace", "no")
    assert (change.listing.holds, change.listing.sync) == ((Hold.rejected,), SyncState.rejected)
    pause = make.begun(change.listing)
    again = failed(pause.change.listing, Unfit("no"), make.intent(pause), make.live, make.noon)
    assert again.facts == ()
    assert (again.order, again.listing.bring_again_at) == (None, make.at(2))


def test_a_store_that_refuses_us_is_suspended(make: Any) -> None:
    begun = make.begun(make.active(decided=make.decision(price=30)))
    trouble = Barred(SuspendReason.auth_revoked, "401")
    change = failed(begun.change.listing, trouble, make.intent(begun), make.live, make.noon)
    assert change.suspend is not None
    assert (change.suspend.reason, change.order) == (SuspendReason.auth_revoked, None)


def test_what_moved_is_looked_at_and_not_in_a_circle(make: Any) -> None:
    begun = make.begun(make.active(decided=make.decision(quantity=7)))
    change = failed(begun.change.listing, Moved("sold"), make.intent(begun), make.live, make.noon)
    assert change.order is not None, "the first time at once"
    look = make.begun(change.listing)
    assert look.step == Look()
    found = make.answered(look, make.there(quantity=4))
    assert found.listing.sent_at is None, "a look changes nothing"
    retry = make.begun(found.listing)
    again = failed(retry.change.listing, Moved("sold"), make.intent(retry), make.live, make.noon)
    assert (again.order, again.listing.bring_again_at) == (None, make.at(2))


def test_an_answer_to_an_overtaken_command_leaves_the_newer_one_alone(make: Any) -> None:
    price = make.begun(make.active(decided=make.decision(price=30)))
    held = make.decided(price.change.listing, make.decision(number=2, holds=(Hold.no_price,)))
    change = seen(held.listing, make.there(30), make.intent(price), make.live, make.noon)
    assert change.listing.bringing == held.listing.bringing
    assert kinds(change.facts) == [ListingRepriced]
    assert change.order is None


def test_what_is_over_stays_over(make: Any) -> None:
    over = make.active(status=ListingStatus.Ended)
    change = checked(over, make.there(1), make.live, make.noon)
    assert (change.listing.status, change.facts) == (ListingStatus.Ended, ())
