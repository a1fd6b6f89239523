"""Fewer stand there than we set: somebody bought. Until that sale is told and decided upon, no more
is offered than was left, whatever an older decision wanted.

Only more is kept back. A lower quantity, a price and a pause wait for nothing.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from dropship.contracts.listings import SyncState
from dropship.syncer.domain.listing import Cap, Listing, There
from dropship.syncer.domain.steps import (
    UNLIMITED,
    Create,
    SetQuantity,
    Standing,
    Step,
    next_step,
)

ORDERS_LAG_S = 10.0
"""How much later than the quantity it took an order may show: a reading of the orders that begins
sooner proves nothing."""
DECIDED_WITHIN_S = 300.0
"""A sale that was told so long ago is decided upon. Policy needs a second or two, and says nothing
where the quantity stays the same: the supplier has plenty."""


def noted(listing: Listing, there: There | None, sent: Step, at: datetime) -> Listing:
    """The listing as it knows by a reading, or an answer, at `at` how many are left.

    `sent` is what may have been sent before it: its quantity is ours as well.
    """
    if there is None or there.shown == "ended":
        return replace(listing, cap=None)
    known = listing.cap
    if _fell(listing, there, sent) and (known is None or there.quantity < known.quantity):
        return replace(listing, cap=Cap(there.quantity, at))
    return listing


def _fell(listing: Listing, there: There, sent: Step) -> bool:
    ours = {listing.there.quantity} if listing.there is not None else set()
    if isinstance(sent, Create | SetQuantity):
        ours.add(sent.quantity)
    ours.discard(UNLIMITED)
    return there.quantity not in ours and there.quantity < max(ours, default=0)


def lifted(
    listing: Listing, polled_at: datetime, sold_at: datetime | None, at: datetime
) -> Listing:
    """The listing without its cap, if the sale behind it is decided upon, or there was none.

    `polled_at` is when the last complete reading of the store's orders began, `sold_at` when the
    newest sale of this listing was told, None for none that the cap could come from.
    It is looked at again first: more is offered only at a price that is known to stand there.
    """
    cap = listing.cap
    if cap is None or polled_at < cap.at + timedelta(seconds=ORDERS_LAG_S):
        return listing
    if sold_at is not None and not _decided_upon(listing, sold_at, at):
        return listing
    return replace(listing, cap=None, sync=SyncState.unknown)


def _decided_upon(listing: Listing, sold_at: datetime, at: datetime) -> bool:
    decided = listing.decided
    newer = decided is not None and decided.at > sold_at
    return newer or at >= sold_at + timedelta(seconds=DECIDED_WITHIN_S)


def allowed_step(listing: Listing, standing: Standing) -> Step | None:
    """The next call, offering no more than was left."""
    return next_step(_under_its_cap(listing), standing)


def _under_its_cap(listing: Listing) -> Listing:
    cap, decided = listing.cap, listing.decided
    if cap is None or decided is None or decided.quantity <= cap.quantity:
        return listing
    return replace(listing, decided=replace(decided, quantity=cap.quantity))
