"""What came of a call: what an answer, a look or a failure means for a listing.

An answer and a read-back go the same way (`seen`): the events follow from how what stands there
differs from what stood there, so a call whose answer was lost says the same facts in the end.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingDrifted,
    ListingEnded,
    ListingPublished,
    ListingRepriced,
    ListingRestocked,
    ListingStatus,
    SyncState,
)
from dropship.contracts.messages import Event
from dropship.contracts.stores import StoreStatus, SuspendReason
from dropship.pricing.money import Money, to_wire
from dropship.syncer.domain.bringing import (
    Change,
    Suspension,
    names_of,
    paused,
    put_down,
    rejected,
    resumed,
    settle,
)
from dropship.syncer.domain.facts import in_words
from dropship.syncer.domain.listing import Listing, There, hold
from dropship.syncer.domain.steps import (
    UNLIMITED,
    Create,
    End,
    Look,
    Publish,
    SetPrice,
    SetQuantity,
    Standing,
    Step,
    is_pause,
)

LOOKED_FOR_AGAIN_AFTER_S = 60.0
"""What is not found while nothing is under way is looked for a second time before it is over: a
listing that has ended in error goes on selling, and nobody pauses it any more."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
LONGEST_WAIT_TO_PAUSE_S = 30.0


class Intent(Struct, frozen=True):
    """A call that was about to be made, and the decision it traces to."""

    command_id: str
    step: Step
    decision_no: int


class Ill(Struct, frozen=True):
    """Nothing happened, and later it may: the marketplace is busy or down."""

    after_s: float
    detail: str


class Barred(Struct, frozen=True):
    """Nothing happens for this store until the seller has acted."""

    reason: SuspendReason
    detail: str


class Unfit(Struct, frozen=True):
    """The marketplace refuses what was sent, and will again."""

    detail: str


class Moved(Struct, frozen=True):
    """What was named is gone or not as it was: look again."""

    detail: str


Trouble = Ill | Barred | Unfit | Moved


def seen(
    listing: Listing, there: There | None, intent: Intent, standing: Standing, at: datetime
) -> Change:
    """The marketplace told how the listing stands there, in an answer or to a look.

    `intent` is what may have been sent: its values are ours, whether it was answered or not.
    """
    worked = not isinstance(intent.step, Look)
    listing = replace(
        put_down(listing, intent.command_id),
        sync=SyncState.pending if listing.sync is SyncState.unknown else listing.sync,
        sync_detail=None if worked or listing.sync is SyncState.unknown else listing.sync_detail,
        failures=0 if worked else listing.failures,
        sent_at=at if worked else listing.sent_at,
        cleared=None if _priced(there, intent.step) else listing.cleared,
    )
    listing, facts = _as_it_stands(listing, there, intent.step, intent.decision_no)
    return settle(listing, standing, at, facts)


def _priced(there: There | None, sent: Step) -> bool:
    """Whether a price was made: what a person let pass the breaker has passed, and counts once."""
    return isinstance(sent, SetPrice) and there is not None and there.price == sent.price


def checked(listing: Listing, there: There | None, standing: Standing, at: datetime) -> Change:
    """The marketplace was read without any call of ours under way."""
    if there is None and listing.published:
        return settle(_looked_for_again(listing, at), standing, at)
    listing, facts = _as_it_stands(listing, there, Look(), listing.decision_no)
    return settle(listing, standing, at, facts)


def unreadable(listing: Listing, detail: str, standing: Standing, at: datetime) -> Change:
    """Something stands there that is not in our words: held until a person has looked."""
    if Hold.drifted in listing.own_holds:
        return settle(listing, standing, at)
    held = replace(hold(listing, Hold.drifted), sync_detail=detail)
    drifted = _drifted(listing, "unreadable", "a listing of ours", detail)
    return settle(held, standing, at, (drifted,))


def _looked_for_again(listing: Listing, at: datetime) -> Listing:
    return replace(
        listing,
        sync=SyncState.unknown,
        sync_detail="not found there, and looked for once more",
        bring_again_at=at + timedelta(seconds=LOOKED_FOR_AGAIN_AFTER_S),
    )


def _as_it_stands(
    listing: Listing, there: There | None, sent: Step, decision_no: int
) -> tuple[Listing, tuple[Event, ...]]:
    if listing.over:
        return listing, ()
    if there is None:
        return _missing(listing, sent)
    if there.shown == "ended":
        return _over(replace(listing, there=there), sent, "marketplace")
    drift = _drift(listing, there, sent)
    now = replace(listing, there=there)
    facts: list[Event] = []
    if drift is not None:
        now = hold(now, Hold.drifted)
        facts.append(drift)
    hidden = there.shown == "draft" and not listing.published
    if hidden or not _in_currency(there, listing):
        return now, tuple(facts)
    endless = _is_endless(listing.there) or _is_endless(there)
    by_others = drift is not None or endless or _is_more(listing.there, there, sent)
    now, moved = _moved(listing.there, now, there, decision_no, by_others=by_others)
    return now, (*facts, *moved)


def _is_endless(there: There | None) -> bool:
    return there is not None and there.quantity == UNLIMITED


def _in_currency(there: There, listing: Listing) -> bool:
    return there.price.currency == listing.currency


def _missing(listing: Listing, sent: Step) -> tuple[Listing, tuple[Event, ...]]:
    """Nothing stands there: it never did, or it is gone."""
    if listing.published:
        return _over(replace(listing, there=None), sent, "gone")
    return replace(listing, there=None), ()


def _over(listing: Listing, sent: Step, reason: str) -> tuple[Listing, tuple[Event, ...]]:
    """It has an end there: ours, if we wanted that, or somebody else's."""
    reason = listing.ending if listing.ending and isinstance(sent, End | Look) else reason
    names = names_of(listing)
    if listing.published:
        ended = ListingEnded(**names, reason=reason)
        return replace(listing, status=ListingStatus.Ended, ending=reason), (ended,)
    delisted = ListingDelisted(**names, reason=reason)
    return replace(listing, status=ListingStatus.Delisted, ending=reason), (delisted,)


def _moved(
    before: There | None, listing: Listing, there: There, decision_no: int, *, by_others: bool
) -> tuple[Listing, tuple[Event, ...]]:
    """The events in the difference, for a listing that is on offer.

    What others put up for sale while it is held is no resumption, and is taken down again.
    """
    names = names_of(listing)
    if not listing.published:
        published = ListingPublished(
            **names,
            external_id=there.external_id,
            price=to_wire(there.price),
            quantity=there.quantity,
            decision_no=decision_no,
        )
        return replace(listing, status=ListingStatus.Active), (published,)
    facts: list[Event] = []
    if before is None or before.price != there.price:
        old = to_wire(before.price) if before else None
        new = to_wire(there.price)
        facts.append(ListingRepriced(**names, old=old, new=new, decision_no=decision_no))
    status = listing.status
    if status is ListingStatus.Paused and there.quantity > 0 and not by_others:
        status = ListingStatus.Active
        facts.append(resumed(listing, decision_no))
    elif status is ListingStatus.Active and there.quantity == 0 and listing.holds:
        status = ListingStatus.Paused
        facts.append(paused(listing, decision_no))
    elif before is not None and _moved_by_number(before, there):
        facts.append(
            ListingRestocked(
                **names, old=before.quantity, new=there.quantity, decision_no=decision_no
            )
        )
    return replace(listing, status=status), tuple(facts)


def _moved_by_number(before: There, there: There) -> bool:
    """From or to no number at all is drift, and its end: that is told in other words."""
    return UNLIMITED not in {before.quantity, there.quantity} and before.quantity != there.quantity


def _drift(listing: Listing, there: There, sent: Step) -> ListingDrifted | None:
    """What neither stood there before nor was sent by us.

    A number is no drift: fewer have been sold, more came back with a cancelled order, and what is
    wanted is set again. To sell on at 0 is: no quantity of ours would stop it.
    """
    prices, _ = _ours(listing.there, sent)
    if prices and there.price not in prices:
        return _drifted(listing, "price", in_words(prices[0]), in_words(there.price))
    if _is_endless(there) and not _is_endless(listing.there):
        ours = str(listing.there.quantity) if listing.there else "none"
        return _drifted(listing, "quantity", ours, "unlimited, it sells on at 0")
    if not _in_currency(there, listing):
        return _drifted(listing, "currency", listing.currency, there.price.currency)
    if listing.published and there.shown == "draft":
        return _drifted(listing, "shown", "live", "draft")
    return None


def _is_more(before: There | None, there: There, sent: Step) -> bool:
    """Whether somebody else has put more of it up for sale than we ever did."""
    _, quantity = _ours(before, sent)
    return quantity is not None and there.quantity > quantity


def _ours(before: There | None, sent: Step) -> tuple[list[Money], int | None]:
    """The prices that can be ours, and the most that can."""
    prices = [before.price] if before else []
    quantities = [before.quantity] if before else []
    if isinstance(sent, Create | SetPrice | Publish):
        prices.append(sent.price)
    if isinstance(sent, Create | SetQuantity):
        quantities.append(sent.quantity)
    return prices, max(quantities, default=None)


def _drifted(listing: Listing, what: str, ours: str, theirs: str) -> ListingDrifted:
    return ListingDrifted(**names_of(listing), what=what, ours=ours, theirs=theirs)


def failed(
    listing: Listing, trouble: Trouble, intent: Intent, standing: Standing, at: datetime
) -> Change:
    """The call came to nothing, and it is known that nothing happened."""
    listing = replace(
        put_down(listing, intent.command_id),
        failures=listing.failures + 1,
        sync_detail=trouble.detail,
    )
    match trouble:
        case Ill(after_s=after_s):
            return settle(_later(listing, intent.step, after_s, at), standing, at)
        case Barred(reason=reason, detail=detail):
            closed = replace(standing, status=StoreStatus.suspended, reason=reason.value)
            change = settle(listing, closed, at)
            return replace(change, suspend=Suspension(reason, detail))
        case Unfit(detail=detail):
            return _refused_there(listing, intent.step, detail, standing, at)
        case Moved():
            doubtful = replace(listing, sync=SyncState.unknown)
            waits = listing.failures > 1
            return settle(_later(doubtful, intent.step, 0, at) if waits else doubtful, standing, at)


def _refused_there(
    listing: Listing, step: Step, detail: str, standing: Standing, at: datetime
) -> Change:
    """It waits for a person now; but a pause and an end are tried for as long as it takes."""
    known = Hold.rejected in listing.own_holds
    held = hold(listing, Hold.rejected)
    if is_pause(step) or isinstance(step, End | Look):
        held = _later(held, step, 0, at)
    facts = () if known else (rejected(held, "marketplace", detail),)
    return settle(held, standing, at, facts)


def in_doubt(
    listing: Listing, command_id: str, detail: str, standing: Standing, at: datetime
) -> Change:
    """Something was sent, and looking did not tell what came of it: nothing else is sent before."""
    doubtful = replace(
        put_down(listing, command_id),
        sync=SyncState.unknown,
        sync_detail=detail,
        failures=listing.failures + 1,
    )
    return settle(_later(doubtful, Look(), 0, at), standing, at)


def _later(listing: Listing, step: Step, after_s: float, at: datetime) -> Listing:
    """Again after what the marketplace asks for, or after longer and longer.

    What stops a sale, or one at too low a price, is tried again within half a minute, whatever the
    marketplace asks for.
    """
    blind = isinstance(step, Look) and bool(listing.holds)
    urgent = is_pause(step) or blind or _is_too_cheap(listing)
    longest = LONGEST_WAIT_TO_PAUSE_S if urgent else LONGEST_WAIT_S
    wait_s = min(FIRST_WAIT_S * 2 ** min(listing.failures - 1, 16), longest)
    asked_s = min(after_s, longest) if urgent else after_s
    if listing.bringing is not None:
        return listing
    return replace(listing, bring_again_at=at + timedelta(seconds=max(wait_s, asked_s)))


def _is_too_cheap(listing: Listing) -> bool:
    """Whether it sells for less than is wanted: by now that may be a loss."""
    there, wanted = listing.there, listing.decided.price if listing.decided else None
    if there is None or wanted is None or not listing.sells:
        return False
    return there.price.currency == wanted.currency and there.price < wanted
