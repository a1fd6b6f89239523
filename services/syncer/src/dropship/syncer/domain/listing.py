"""A listing: what is wanted of it, what stands on the marketplace, and what holds it back.

Values in, values out. Nothing here knows the time, and nothing here decides what to send: that is
`steps` and `bringing`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold, ListingStatus, SyncState
from dropship.contracts.messages import Lane
from dropship.pricing.money import Money
from dropship.syncer.domain.breaker import jumps_too_far
from dropship.syncer.domain.facts import Product, Taxes

Shown = Literal["draft", "live", "ended"]

OVER = frozenset({ListingStatus.Ended, ListingStatus.Delisted})
FOR_A_PERSON = frozenset({Hold.manual, Hold.breaker, Hold.rejected, Hold.drifted})
"""The holds that only a person lifts."""
OF_FACTS = frozenset({Hold.below_floor, Hold.no_floor, Hold.out_of_stock, Hold.vanished})
"""The syncer's own holds that go when a sound decision rests on the present facts."""
ORDER = {hold: place for place, hold in enumerate(Hold)}


class There(Struct, frozen=True):
    """What stands on the marketplace, as far as is known. `refs` name its parts for later calls."""

    external_id: str
    shown: Shown
    price: Money
    quantity: int
    refs: Mapping[str, str] = field(default_factory=dict)


class Decided(Struct, frozen=True):
    """The newest desired state that was heard, and the facts it rests on. `taxes` are the last that
    were told: None as long as no decision told any.
    """

    number: int
    price: Money | None
    floor: Money | None
    quantity: int
    holds: tuple[Hold, ...]
    cost: Money | None
    availability: Availability | None
    at: datetime
    taxes: Taxes | None = None

    def rests_on(self, product: Product) -> bool:
        """Whether it was made from what is known of the product now."""
        return (self.cost, self.availability) == (product.cost, product.availability)


class Cap(Struct, frozen=True):
    """The most that may be offered since fewer were found there at `at` than we had set."""

    quantity: int
    at: datetime


class Outstanding(Struct, frozen=True):
    """The one outstanding BringListing."""

    command_id: str
    lane: Lane
    since: datetime


class Listing(Struct, frozen=True, kw_only=True):
    """One listing. `own_holds` are the syncer's, besides the decision's.

    `there` None: nothing stands there. `sync` unknown: something may, look first. `ending` is why
    it shall end. `cleared` is a price that a person let pass the breaker, until one is made or none
    is wanted that needs it.
    `failures` counts calls that came to nothing since the last that worked; `bring_again_at` is
    when the next is due. `sent_at` is when a call that changes something was last answered: the
    marketplace may go on showing what was before for a while. `cap`: see `capping`.
    """

    id: str
    tenant: str
    store_id: str
    product_id: str
    currency: str
    min_price: Money | None = None
    status: ListingStatus = ListingStatus.Pending
    own_holds: frozenset[Hold] = frozenset()
    ending: str | None = None
    sync: SyncState = SyncState.pending
    sync_detail: str | None = None
    there: There | None = None
    decided: Decided | None = None
    cleared: Money | None = None
    fresh_until: datetime | None = None
    bringing: Outstanding | None = None
    brings: int = 0
    bring_again_at: datetime | None = None
    failures: int = 0
    sent_at: datetime | None = None
    cap: Cap | None = None

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def published(self) -> bool:
        """Whether buyers have been able to see it, and still are."""
        return self.status in (ListingStatus.Active, ListingStatus.Paused)

    @property
    def sells(self) -> bool:
        """Whether somebody could buy one now, as far as is known."""
        return self.there is not None and self.there.shown == "live" and self.there.quantity > 0

    @property
    def holds(self) -> tuple[Hold, ...]:
        """Everything that keeps it from selling, in the order of the language."""
        return in_order((*(self.decided.holds if self.decided else ()), *self.own_holds))

    @property
    def decision_no(self) -> int:
        return self.decided.number if self.decided else 0


def shows_at(listing: Listing, read_lag_s: float) -> datetime | None:
    """From when on a look tells what our last call has done, None if there was none."""
    return listing.sent_at and listing.sent_at + timedelta(seconds=read_lag_s)


def quiet(listing: Listing, read_lag_s: float, at: datetime) -> bool:
    """Whether no call of ours can be changing it, or be hidden from a look, at `at`."""
    shown_from = shows_at(listing, read_lag_s)
    return (
        listing.published
        and listing.bringing is None
        and listing.sync is not SyncState.unknown
        and (shown_from is None or shown_from <= at)
    )


def in_order(holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """Each hold once, in the order of the language."""
    return tuple(sorted(set(holds), key=ORDER.__getitem__))


def decide(listing: Listing, decision: Decided) -> Listing:
    """Take a decision in. The highest number holds: one that is not higher changes nothing."""
    if decision.number <= listing.decision_no:
        return listing
    taxed = replace(decision, taxes=_taxes(decision.taxes, listing.decided))
    decided = replace(listing, decided=_payable(taxed, listing.currency))
    decided = replace(decided, cleared=_still_needed(decided))
    return decided if listing.holds else _at_once_if_held(decided)


def _still_needed(listing: Listing) -> Money | None:
    """What a person let pass, as long as a price is wanted that could not pass without it."""
    there, wanted = listing.there, listing.decided.price if listing.decided else None
    if there is None or wanted is None or not jumps_too_far(there.price, wanted, None):
        return None
    return listing.cleared


def _taxes(told: Taxes | None, before: Decided | None) -> Taxes | None:
    """A decision that tells no taxes takes none away."""
    known = before.taxes if before else None
    return known if told is None else told.after(known)


def _payable(decision: Decided, currency: str) -> Decided:
    """A price in a currency that the store does not take is none."""
    amounts = (decision.price, decision.floor)
    if all(amount is None or amount.currency == currency for amount in amounts):
        return decision
    holds = in_order((*decision.holds, Hold.no_price))
    return replace(decision, price=None, floor=None, holds=holds)


def hold(listing: Listing, reason: Hold) -> Listing:
    """Hold it for one more reason. The first one is acted on without waiting for anything."""
    held = replace(listing, own_holds=listing.own_holds | {reason})
    return held if listing.holds else _at_once_if_held(held)


def _at_once_if_held(listing: Listing) -> Listing:
    """A pause waits for no backoff: that belonged to something less urgent."""
    return replace(listing, bring_again_at=None) if listing.holds and listing.sells else listing


def lift(listing: Listing, reasons: Iterable[Hold]) -> Listing:
    """Take away these of our own holds."""
    return replace(listing, own_holds=listing.own_holds.difference(reasons))


def resume(listing: Listing) -> Listing:
    """A person lifts what waits for one. The price wanted now may pass the breaker, once seen."""
    price = listing.decided.price if listing.decided else None
    seen = Hold.breaker in listing.own_holds or _was_cut(listing, price)
    lifted = lift(listing, FOR_A_PERSON)
    cleared = price if seen else listing.cleared
    return replace(lifted, cleared=cleared, bring_again_at=None, failures=0)


def _was_cut(listing: Listing, price: Money | None) -> bool:
    """Whether somebody else has put it lower than is wanted: back up is what a person agrees to."""
    there = listing.there
    if Hold.drifted not in listing.own_holds or there is None or price is None:
        return False
    return there.price.currency == price.currency and there.price < price


def end(listing: Listing, reason: str) -> Listing:
    """It shall be over; it is when the marketplace says so."""
    return replace(listing, ending=reason, bring_again_at=None, failures=0)
