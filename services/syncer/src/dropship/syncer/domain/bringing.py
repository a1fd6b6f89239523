"""Bringing a listing to its desired state, decided: what to order, and what to send right now.

`settle` ends every change of a listing: it says what became true without any call, and orders the
one BringListing that is wanted. `begin` is what such a command does first: the newest state, the
next step, the gate. A refusal holds the listing, and the same command then brings quantity 0.
"""

from collections.abc import Set
from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingPaused,
    ListingRejected,
    ListingResumed,
    ListingStatus,
    SyncState,
)
from dropship.contracts.messages import Event, Lane
from dropship.contracts.stores import StoreStatus, SuspendReason
from dropship.pricing.money import Money, to_wire
from dropship.syncer.domain import breaker
from dropship.syncer.domain.capping import allowed_step
from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.gate import NEEDS_A_PERSON, Refusal, refusal
from dropship.syncer.domain.listing import Listing, Outstanding, hold, shows_at
from dropship.syncer.domain.steps import (
    OPEN,
    Look,
    SetPrice,
    Standing,
    Step,
    lane_of,
    more_urgent,
    next_step,
)
from dropship.syncer.domain.weighing import alarm

READ_LAG_S = 5.0
"""For a marketplace that does not tell its own."""


class Order(Struct, frozen=True):
    """A BringListing to order in the same transaction."""

    command_id: UUID
    lane: Lane


class Suspension(Struct, frozen=True):
    """The whole store is not written to from now on."""

    reason: SuspendReason
    detail: str


class Change(Struct, frozen=True, kw_only=True):
    """What a listing is now, what is said of it, and what is ordered."""

    listing: Listing
    facts: tuple[Event, ...] = ()
    order: Order | None = None
    suspend: Suspension | None = None


class Scene(Struct, frozen=True, kw_only=True):
    """All that `begin` must know besides the listing.

    `moved`: the store's other listings with large moves in the breaker's window; empty while a
    person's lifting of the breaker lasts. `active`: how many of its listings sell. `read_lag_s`:
    how long the marketplace may take to show what was changed.
    """

    standing: Standing
    product: Product
    fee_schedule: str
    moved: Set[str]
    active: int
    read_lag_s: float = READ_LAG_S


class Begun(Struct, frozen=True, kw_only=True):
    """What a command does: `step` is sent, if there is one; the change is written in any case.

    `moved_bp` is how far it moves a price, or would have, had the breaker let it.
    """

    change: Change
    step: Step | None = None
    moved_bp: int | None = None


def settle(
    listing: Listing, standing: Standing, at: datetime, facts: tuple[Event, ...] = ()
) -> Change:
    """Bring status and sync up to date, and order what is wanted next."""
    listing, quiet = _quietly(listing)
    step = allowed_step(listing, standing)
    listing = replace(listing, sync=_sync(listing, standing))
    order = None
    if step is not None and _may_order(listing, lane_of(listing, step), at):
        listing, order = _ordered(listing, lane_of(listing, step), at)
    return Change(listing=listing, facts=(*facts, *quiet), order=order)


def _quietly(listing: Listing) -> tuple[Listing, tuple[Event, ...]]:
    """What is true without a call: sold out and then held, or nothing holds any more what sells, or
    ended before it was ever there.
    """
    there = listing.there
    if listing.status is ListingStatus.Active and listing.holds and not listing.sells:
        return replace(listing, status=ListingStatus.Paused), (paused(listing),)
    if listing.status is ListingStatus.Paused and _sells_freely(listing):
        return replace(listing, status=ListingStatus.Active), (resumed(listing),)
    gone = there is None or there.shown == "ended"
    doubt = listing.bringing is not None or listing.sync is SyncState.unknown
    if listing.ending is not None and not listing.over and gone and not doubt:
        ended = ListingDelisted(**names_of(listing), reason=listing.ending)
        return replace(listing, status=ListingStatus.Delisted), (ended,)
    return listing, ()


def _sells_freely(listing: Listing) -> bool:
    return listing.sells and not listing.holds and listing.sync is not SyncState.unknown


def names_of(listing: Listing) -> dict[str, str]:
    """What every fact about a listing names."""
    return {
        "listing_id": listing.id,
        "product_id": listing.product_id,
        "store_id": listing.store_id,
    }


def resumed(listing: Listing, decision_no: int | None = None) -> ListingResumed:
    """The fact that it sells again, as it stands there."""
    there = listing.there
    assert there is not None
    return ListingResumed(
        **names_of(listing),
        price=to_wire(there.price),
        quantity=there.quantity,
        decision_no=listing.decision_no if decision_no is None else decision_no,
    )


def paused(listing: Listing, decision_no: int | None = None) -> ListingPaused:
    """The fact that it sells nothing now, with all the reasons."""
    return ListingPaused(
        **names_of(listing),
        holds=listing.holds,
        decision_no=listing.decision_no if decision_no is None else decision_no,
    )


def held_otherwise(before: Listing, after: Listing) -> tuple[Event, ...]:
    """What was paused and stays so, for other reasons than were told: all of them again.

    That the last one is gone is not said here, but when it sells.
    """
    still = before.status is after.status is ListingStatus.Paused and not after.sells
    if still and after.holds and after.holds != before.holds:
        return (paused(after),)
    return ()


def _sync(listing: Listing, standing: Standing) -> SyncState:
    if listing.sync is SyncState.unknown and not listing.over:
        return SyncState.unknown
    if standing.rehearses:
        return SyncState.rehearsed
    if Hold.rejected in listing.own_holds:
        return SyncState.rejected
    if Hold.drifted in listing.own_holds:
        return SyncState.drifted
    wanted = next_step(listing, OPEN) is not None or listing.status is ListingStatus.Pending
    return SyncState.pending if wanted else SyncState.in_sync


def _may_order(listing: Listing, lane: Lane, at: datetime) -> bool:
    if listing.bringing is not None:
        return more_urgent(lane, listing.bringing.lane)
    return listing.bring_again_at is None or listing.bring_again_at <= at


def _ordered(listing: Listing, lane: Lane, at: datetime) -> tuple[Listing, Order]:
    number = listing.brings + 1
    command_id = uuid5(UUID(listing.id), f"bring/{number}")
    outstanding = Outstanding(str(command_id), lane, at)
    ordered = replace(listing, bringing=outstanding, brings=number, bring_again_at=None)
    return ordered, Order(command_id, lane)


def put_down(listing: Listing, command_id: str) -> Listing:
    """This command is at its end; one that was overtaken by a more urgent one leaves that alone."""
    if listing.bringing is not None and listing.bringing.command_id == command_id:
        return replace(listing, bringing=None)
    return listing


def begin(listing: Listing, command_id: str, scene: Scene, at: datetime) -> Begun:
    """What this command sends now. A command that another has overtaken sends nothing."""
    if listing.bringing is None or listing.bringing.command_id != command_id:
        return Begun(change=Change(listing=listing))
    step = allowed_step(listing, scene.standing)
    if step is None:
        return _unsent(listing, command_id, scene, at)
    shown_from = shows_at(listing, scene.read_lag_s)
    if isinstance(step, Look) and shown_from is not None and at < shown_from:
        too_early = replace(put_down(listing, command_id), bring_again_at=shown_from)
        return Begun(change=settle(too_early, scene.standing, at))
    moved_bp = _moved_bp(listing, step)
    if _breaks(listing, scene, moved_bp):
        return _suspended(listing, command_id, scene, at)
    no = refusal(step, listing, scene.product, scene.fee_schedule, at) or _jump(listing, step)
    if no is not None:
        held = _held(listing, command_id, no, scene, at)
        return replace(held, moved_bp=moved_bp if no.hold is Hold.breaker else None)
    return Begun(change=Change(listing=listing), step=step, moved_bp=moved_bp)


def _moved_bp(listing: Listing, step: Step) -> int | None:
    """How far this step moves a price that buyers have seen, where that is far."""
    shown = _shown_price(listing)
    if not isinstance(step, SetPrice) or shown is None:
        return None
    moved_bp = breaker.share_bp(shown, step.price)
    return moved_bp if breaker.is_large(moved_bp) else None


def _shown_price(listing: Listing) -> Money | None:
    there = listing.there
    return there.price if there is not None and there.shown == "live" else None


def _breaks(listing: Listing, scene: Scene, moved_bp: int | None) -> bool:
    return moved_bp is not None and breaker.too_many(len(scene.moved | {listing.id}), scene.active)


def _jump(listing: Listing, step: Step) -> Refusal | None:
    shown = _shown_price(listing)
    if not isinstance(step, SetPrice) or shown is None:
        return None
    why = breaker.jumps_too_far(shown, step.price, listing.cleared)
    return Refusal(Hold.breaker, why) if why else None


def _held(listing: Listing, command_id: str, no: Refusal, scene: Scene, at: datetime) -> Begun:
    held = replace(hold(listing, no.hold), sync_detail=no.detail)
    facts: tuple[Event, ...] = ()
    if no.hold in NEEDS_A_PERSON:
        facts = (rejected(held, no.hold.value, no.detail),)
    return _go_on(held, command_id, scene.standing, at, facts)


def rejected(listing: Listing, reason: str, detail: str) -> ListingRejected:
    """The fact that it cannot be as it is wanted."""
    return ListingRejected(**names_of(listing), reason=reason, detail=detail)


def _suspended(listing: Listing, command_id: str, scene: Scene, at: datetime) -> Begun:
    """Too many prices move: nothing but pauses from now on, beginning with this command."""
    moved = len(scene.moved | {listing.id})
    why = Suspension(
        SuspendReason.breaker,
        f"{moved} of {scene.active} prices would move by more than 25 % within ten minutes",
    )
    standing = replace(scene.standing, status=StoreStatus.suspended, reason=why.reason.value)
    begun = _unsent(listing, command_id, replace(scene, standing=standing), at)
    return replace(begun, change=replace(begun.change, suspend=why))


def _unsent(listing: Listing, command_id: str, scene: Scene, at: datetime) -> Begun:
    """Nothing that is wanted may be sent: what sells at a loss as it stands is paused instead."""
    standing = scene.standing
    no = None if standing.writable else alarm(listing, scene.product, scene.fee_schedule, at)
    if no is not None:
        listing = replace(hold(listing, no.hold), sync_detail=no.detail)
    return _go_on(listing, command_id, standing, at, ())


def _go_on(
    listing: Listing, command_id: str, standing: Standing, at: datetime, facts: tuple[Event, ...]
) -> Begun:
    """After a refusal this same command sends the pause, if there is one to send."""
    step = allowed_step(listing, standing)
    if step is None:
        return Begun(change=settle(put_down(listing, command_id), standing, at, facts))
    return Begun(change=Change(listing=listing, facts=facts), step=step)
