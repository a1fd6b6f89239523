"""The next single call that brings a listing nearer to what is wanted.

One step at a time, whatever the state: first a look where anything is in doubt, then the pause,
then prices that rise, then the rest; and a price stands before the quantity that sells at it.
"""

from msgspec import Struct

from dropship.contracts.listings import SyncState
from dropship.contracts.messages import LANES, Lane
from dropship.contracts.stores import StoreMode, StoreStatus, SuspendReason
from dropship.pricing.money import Money
from dropship.syncer.domain.listing import Decided, Listing, There

UNLIMITED = 2**31 - 1
"""The quantity of what would sell on at 0: none is counted there, or the count does not stop it."""


class Look(Struct, frozen=True, tag="look"):
    """Read what stands there; changes nothing."""


class Create(Struct, frozen=True, tag="create"):
    """Make it, not yet on offer."""

    price: Money
    quantity: int


class Publish(Struct, frozen=True, tag="publish"):
    """Put it on offer, at this price as it stands there."""

    price: Money


class SetPrice(Struct, frozen=True, tag="set_price"):
    """Change the price and nothing else."""

    price: Money


class SetQuantity(Struct, frozen=True, tag="set_quantity"):
    """Change the quantity; to 0 is a pause. `price` is the one it sells at."""

    quantity: int
    price: Money


class End(Struct, frozen=True, tag="end"):
    """Take it off the marketplace for good."""


Step = Look | Create | Publish | SetPrice | SetQuantity | End


class Standing(Struct, frozen=True):
    """What may be done to a store now."""

    mode: StoreMode
    status: StoreStatus
    reason: str | None = None

    @property
    def rehearses(self) -> bool:
        return self.mode is StoreMode.dry_run

    @property
    def reachable(self) -> bool:
        """Whether a call has any sense: the breaker stops prices, it does not stop pauses."""
        return not self.rehearses and (
            self.status is StoreStatus.connected
            or (self.status is StoreStatus.suspended and self.reason == SuspendReason.breaker)
        )

    @property
    def writable(self) -> bool:
        """Whether anything wanted may be sent."""
        return not self.rehearses and self.status is StoreStatus.connected


OPEN = Standing(StoreMode.live, StoreStatus.connected)


def next_step(listing: Listing, standing: Standing) -> Step | None:
    """The next call, None when there is nothing to do or nothing that may be done."""
    if not standing.reachable or listing.over:
        return None
    step = _wanted(listing)
    if standing.writable or step is None or _always_allowed(step):
        return step
    return None


def _always_allowed(step: Step) -> bool:
    return isinstance(step, Look | End) or is_pause(step)


def is_pause(step: Step) -> bool:
    """Whether it only stops a sale."""
    return isinstance(step, SetQuantity) and step.quantity == 0


def _wanted(listing: Listing) -> Step | None:
    there = listing.there
    if listing.sync is SyncState.unknown:
        return Look()
    if listing.ending is not None:
        return End() if there is not None and there.shown != "ended" else None
    if there is None:
        return _creation(listing)
    if there.shown == "ended":
        return None
    if listing.holds:
        return SetQuantity(0, there.price) if there.quantity > 0 else None
    return None if listing.decided is None else _towards(listing.decided, there)


def _creation(listing: Listing) -> Step | None:
    decided = listing.decided
    if decided is None or listing.holds or decided.price is None or decided.quantity <= 0:
        return None
    return Create(decided.price, decided.quantity)


def _towards(decided: Decided, there: There) -> Step | None:
    if there.quantity == UNLIMITED:
        return SetQuantity(0, there.price)
    price = decided.price or there.price
    if price.currency != there.price.currency or there.price < price:
        return SetPrice(price)
    if decided.quantity < there.quantity:
        return SetQuantity(decided.quantity, there.price)
    if price != there.price:
        return SetPrice(price)
    if decided.quantity != there.quantity:
        return SetQuantity(decided.quantity, there.price)
    return Publish(there.price) if there.shown == "draft" and there.quantity > 0 else None


def lane_of(listing: Listing, step: Step) -> Lane:
    """How urgent a step is: `now` for what stops a sale, and for a person's wish to end it."""
    if is_pause(step) or isinstance(step, End):
        return "now"
    if isinstance(step, Look) and (listing.holds or listing.ending is not None):
        return "now"
    return "soon"


def more_urgent(lane: Lane, than: Lane) -> bool:
    """Whether one lane is served before another."""
    return LANES.index(lane) < LANES.index(than)


def stake_of(step: Step) -> Money | None:
    """The price somebody could buy at because of this step; None where it cannot make one buy."""
    match step:
        case Create(price=price) | Publish(price=price) | SetPrice(price=price):
            return price
        case SetQuantity(quantity=quantity, price=price) if quantity > 0:
            return price
        case _:
            return None
