"""One listing as the judge knows it: by what the syncer was told, and by what it says itself."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from dropship.contracts.availability import Availability
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
)
from dropship.contracts.messages import Event
from dropship.pricing.money import Money, from_wire
from dropship.syncer.domain.facts import Reading
from dropship.syncer.domain.listing import Decided, Listing
from dropship.syncer.domain.steps import Step

RATE, FIXED = Decimal("0.029"), 30
NONE_TO_SELL = (
    Availability.out_of_stock,
    Availability.discontinued,
    Availability.in_store_only,
)


@dataclass
class Facts:
    """What the tracker said last of a product, as far as the syncer has heard it."""

    cost: Money | None = None
    availability: Availability | None = None
    vanished: bool = False
    look: Reading | None = None

    @property
    def for_sale(self) -> bool:
        return self.cost is not None and self.availability not in NONE_TO_SELL and not self.vanished


@dataclass
class Watched:
    """One listing, as the judge knows it: from the outside, and from what the syncer was told."""

    id: str
    product_id: str
    newest: Decided | None = None
    personal: set[Hold] = field(default_factory=set)
    """Holds that only a person lifts: manual, and what the syncer itself announced."""
    refused: bool = False
    """The last gate refused it, and nothing was heard since."""
    ending: bool = False
    least: Money | None = None
    fresh_until_s: float = 0.0
    cleared: Money | None = None
    open_call: UUID | None = None
    """The command whose call may have happened, as far as the syncer knows."""
    last_sent: Step | None = None
    not_before_s: float = 0.0
    left: int | None = None
    """How many were left by buyers, whose orders nobody has read yet; found at `left_s`."""
    left_s: float = 0.0
    bought: int = 0
    """How many the syncer has noticed to be bought."""
    kept_to: int | None = None
    """What the syncer says that it offers at most, whatever was decided."""
    status: ListingStatus = ListingStatus.Pending
    price: Money | None = None
    quantity: int = 0
    exposed_since_s: float | None = None

    def fold(self, fact: Event) -> None:
        """Take in an event of the listing, as everybody who reads the log does it."""
        match fact:
            case ListingPublished() | ListingResumed():
                self.status = ListingStatus.Active
                self.price, self.quantity = from_wire(fact.price), fact.quantity
            case ListingRepriced():
                self.price = from_wire(fact.new)
            case ListingRestocked():
                self.quantity = fact.new
            case ListingPaused():
                self.status, self.quantity = ListingStatus.Paused, 0
            case ListingEnded():
                self.status = ListingStatus.Ended
            case ListingDelisted():
                self.status = ListingStatus.Delisted
            case ListingDrifted():
                self.personal.add(Hold.drifted)
            case ListingRejected(reason="breaker"):
                self.personal.add(Hold.breaker)
            case ListingRejected(reason="marketplace"):
                self.personal.add(Hold.rejected)
            case ListingRejected():
                self.refused = True

    def differs_from(self, listing: Listing) -> str:
        """What the row says otherwise than its events; nothing where they agree."""
        if self.status is not listing.status:
            return f"it is {listing.status}, and its events said {self.status}"
        there = listing.there
        if not listing.published or there is None or there.shown != "live":
            return ""
        if (self.price, self.quantity) == (there.price, there.quantity):
            return ""
        told = f"{self.quantity} at {self.price and self.price.minor}"
        return f"{there.quantity} at {there.price.minor} stand there, its events said {told}"


def loses(price: Money, cost: Money | None) -> bool:
    """Whether a sale at this price is a loss: 2.9 %, to the cent, and 30 cents."""
    if cost is None or cost.currency != price.currency:
        return True
    fee = (Decimal(price.minor) * RATE).quantize(Decimal(1), ROUND_HALF_EVEN) + FIXED
    return price.minor - fee - cost.minor < 0
