"""Owner: syncer. A product of a supplier, for sale in a store; and what it is brought to.

Every event here is keyed by the product id, so all that concerns one product stands in one order.
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from dropship.contracts.ids import Id
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Currency, Money
from dropship.contracts.products import Cursor, Limit
from dropship.contracts.stores import FeeScheduleName, MarketplaceName


class ListingStatus(StrEnum):
    """Where a listing stands on its marketplace. Paused means: kept there with quantity 0."""

    Pending = "Pending"
    Active = "Active"
    Paused = "Paused"
    Ended = "Ended"
    Delisted = "Delisted"


class Hold(StrEnum):
    """Why a listing must not sell. It may again when the last one is gone.

    Policy's: `no_policy`, `no_price` (no cost known, or in another currency), `low_margin`,
    `out_of_stock`, `vanished`, `unfit` (used only, no featured offer, …). The syncer's own:
    `manual`, `stale` (freshness lease ran out), `below_floor` and `no_floor` (last gate),
    `breaker`, `rejected` (the marketplace refuses it), `drifted` (changed there by someone else);
    and `out_of_stock` and `vanished`, until policy has decided upon the same news.
    """

    no_policy = "no_policy"
    no_price = "no_price"
    low_margin = "low_margin"
    out_of_stock = "out_of_stock"
    vanished = "vanished"
    unfit = "unfit"
    manual = "manual"
    stale = "stale"
    below_floor = "below_floor"
    no_floor = "no_floor"
    breaker = "breaker"
    rejected = "rejected"
    drifted = "drifted"


class SyncState(StrEnum):
    """How the marketplace stands to what is wanted there.

    `rehearsed`: the store is a dry run, nothing is sent. `unknown`: a call was sent and its answer
    lost; the marketplace is read before anything else is sent.
    """

    in_sync = "in_sync"
    pending = "pending"
    unknown = "unknown"
    drifted = "drifted"
    rejected = "rejected"
    rehearsed = "rehearsed"


class ListingRequested(Event, frozen=True, kw_only=True):
    """A user wants this product for sale in this store: Pending, without a price yet.

    The store's facts stand here by value, so that whoever decides needs no other event.
    """

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    marketplace: MarketplaceName
    currency: Currency
    fee_schedule: FeeScheduleName
    policy_id: Id | None = None
    price: Money | None = None
    min_price: Money | None = None
    max_price: Money | None = None


class ListingAmended(Event, frozen=True, kw_only=True):
    """A user changed what they want of it. All fields as they stand now; `price` is an override."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    policy_id: Id | None = None
    price: Money | None = None
    min_price: Money | None = None
    max_price: Money | None = None


class ListingPublished(Event, frozen=True, kw_only=True):
    """The marketplace shows it, read back or answered; `external_id` is its name for it."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    external_id: str
    price: Money
    quantity: int
    decision_no: int


class ListingRejected(Event, frozen=True, kw_only=True):
    """The marketplace, or the last gate, refuses it as it is; a person must change something."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    reason: str
    detail: str = ""


class ListingRepriced(Event, frozen=True, kw_only=True):
    """Its price on the marketplace is now `new`."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    old: Money | None
    new: Money
    decision_no: int


class ListingRestocked(Event, frozen=True, kw_only=True):
    """Its quantity moved while it went on selling."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    old: int
    new: int
    decision_no: int


class ListingPaused(Event, frozen=True, kw_only=True):
    """Its quantity on the marketplace is 0; it sells nothing until the last hold is gone.

    Said again when it is held for other reasons meanwhile: `holds` are all of them.
    """

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    holds: tuple[Hold, ...]
    decision_no: int


class ListingResumed(Event, frozen=True, kw_only=True):
    """It sells again; its price was made right before its quantity."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    price: Money
    quantity: int
    decision_no: int


class ListingEnded(Event, frozen=True, kw_only=True):
    """It is over on the marketplace. `reason`: user, marketplace, gone (not found there)."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    reason: str


class ListingDelisted(Event, frozen=True, kw_only=True):
    """Taken back before it was ever published, or withdrawn for good."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    reason: str


class ListingDrifted(Event, frozen=True, kw_only=True):
    """Someone else changed it on the marketplace: what we had set, and what stands there."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    product_id: Id
    store_id: Id
    what: str
    ours: str
    theirs: str


class BringListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bring a listing one step nearer to its newest desired state, whatever that is by then."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id


class CheckListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read a listing on its marketplace and compare it with what we believe."""

    owner: ClassVar[str] = "syncer"
    listing_id: Id
    not_after: Moment


class Desired(Struct, frozen=True, kw_only=True):
    """What policy wants of a listing: decision `decision_no`, the highest that was heard."""

    decision_no: int
    price: Money | None
    floor: Money | None
    quantity: int
    holds: list[Hold]
    decided_at: Moment


class Listing(Struct, frozen=True, kw_only=True):
    """A listing as its tenant sees it. `price` and `quantity` are what the marketplace shows."""

    id: Id
    store_id: Id
    product_id: Id
    marketplace: str
    external_id: str | None
    sku: str
    title: str
    status: ListingStatus
    status_reason: str | None
    holds: list[Hold]
    sync: SyncState
    sync_detail: str | None
    price: Money | None
    quantity: int
    desired: Desired | None
    override: Money | None
    min_price: Money | None
    max_price: Money | None
    policy_id: Id | None
    fresh_until: Moment | None
    created_at: Moment
    updated_at: Moment
    last_synced_at: Moment | None


class ListingPage(Struct, frozen=True, kw_only=True):
    items: list[Listing]
    next_cursor: str | None


Title = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Description = Annotated[str, Meta(max_length=10_000)]


class RequestListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Offer a watched product in a store. One live listing per store and product.

    `price` overrides the policy's (below the floor it pauses); `max_price` is where it becomes
    unsellable: it pauses rather than to cost more. A blank `min_price` means break-even, never 0.
    """

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    store_id: Id
    product_id: Id
    title: Title | None = None
    description: Description | None = None
    policy_id: Id | None = None
    price: Money | None = None
    min_price: Money | None = None
    max_price: Money | None = None


class AmendListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change what is wanted of a listing; what is left out stays as it is, null takes it away."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    listing_id: Id
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    policy_id: Id | UnsetType | None = UNSET
    price: Money | UnsetType | None = UNSET
    min_price: Money | UnsetType | None = UNSET
    max_price: Money | UnsetType | None = UNSET


class PauseListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold it by hand: no automatic resume undoes this."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    listing_id: Id


class ResumeListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lift the holds that wait for a person (manual, breaker, rejected, drifted), and no others."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    listing_id: Id


class EndListing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take it off the marketplace for good; listing the product again makes a new listing."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    listing_id: Id


class ListingDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listing of the asking tenant."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Listing
    listing_id: Id


class TenantListings(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's listings, newest first, of one store or status if given."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = ListingPage
    store_id: Id | None = None
    status: ListingStatus | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
