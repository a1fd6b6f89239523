"""Owner: syncer. A tenant's stores on marketplaces: connected, live or rehearsing, in order or not.

Credentials travel only in `ConnectStore`, which is asked and never stored as a message; they stay
sealed in the owner's tables.
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Currency
from dropship.contracts.products import Cursor, Limit

MarketplaceName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]{1,31}$(?!\n)", examples=["shopify"])]
"""The name of a marketplace plugin."""

FeeScheduleName = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64, examples=["shopify-basic"])
]
"""Which fees a store pays: a name that `dropship.pricing.fees` has dated schedules for."""


class StoreMode(StrEnum):
    """Whether decisions are only shown (`dry_run`, how every store begins) or carried out."""

    dry_run = "dry_run"
    live = "live"


class StoreStatus(StrEnum):
    """`connecting` until the marketplace confirms the credentials; `suspended` writes nothing."""

    connecting = "connecting"
    connected = "connected"
    suspended = "suspended"
    rejected = "rejected"
    disconnected = "disconnected"


class SuspendReason(StrEnum):
    """Why a store is not written to until a person has acted."""

    auth_revoked = "auth_revoked"
    scope_missing = "scope_missing"
    frozen = "frozen"
    breaker = "breaker"


class StoreConnected(Event, frozen=True, kw_only=True):
    """The marketplace accepted the credentials; it told the store's currency.

    A store that was connected before may come back with another mode or fee schedule, and a breaker
    that nobody has lifted suspends it again at once.
    """

    owner: ClassVar[str] = "syncer"
    store_id: Id
    marketplace: MarketplaceName
    mode: StoreMode
    currency: Currency
    fee_schedule: FeeScheduleName


class StoreRejected(Event, frozen=True, kw_only=True):
    """The marketplace refused the credentials, or the store lacks what we need."""

    owner: ClassVar[str] = "syncer"
    store_id: Id
    marketplace: MarketplaceName
    reason: str


class StoreModeChanged(Event, frozen=True, kw_only=True):
    """From now on decisions are carried out (`live`), or only shown (`dry_run`)."""

    owner: ClassVar[str] = "syncer"
    store_id: Id
    mode: StoreMode


class StoreSuspended(Event, frozen=True, kw_only=True):
    """No writes to this store until a person has acted; pauses still pass if it is the breaker."""

    owner: ClassVar[str] = "syncer"
    store_id: Id
    reason: SuspendReason
    detail: str = ""


class StoreResumed(Event, frozen=True, kw_only=True):
    """The store is written to again."""

    owner: ClassVar[str] = "syncer"
    store_id: Id


class StoreDisconnected(Event, frozen=True, kw_only=True):
    """The tenant took the store away; its credentials are destroyed, its listings left alone."""

    owner: ClassVar[str] = "syncer"
    store_id: Id


class Store(Struct, frozen=True, kw_only=True):
    """A store as its tenant sees it. `account` is the marketplace's name for it, never a secret."""

    id: Id
    marketplace: str
    name: str
    account: str
    mode: StoreMode
    status: StoreStatus
    status_reason: str | None
    currency: str | None
    fee_schedule: str
    created_at: Moment
    connected_at: Moment | None


class StorePage(Struct, frozen=True, kw_only=True):
    items: list[Store]
    next_cursor: str | None


StoreName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Account = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)",
        description="the store's own name on the marketplace: for Shopify what stands before"
        " .myshopify.com",
        examples=["demo"],
    ),
]
Credential = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$(?!\n)")]


class ConnectStore(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep a store's credentials, sealed, and begin to check them.

    A new account begins as a dry run. One that was connected before keeps its row, listings and
    orders; it keeps its mode too, but begins as a dry run again if it was disconnected or rejected
    and nothing of it stands on the marketplace.
    """

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Store
    marketplace: MarketplaceName
    account: Account
    name: StoreName
    client_id: Credential
    client_secret: Credential
    fee_schedule: FeeScheduleName | None = None


class AmendStore(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switch between dry run and live, or lift a suspension; what is left out stays as it is."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Store
    store_id: Id
    mode: StoreMode | None = None
    resume: bool = False


class DisconnectStore(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Destroy the credentials. Listings stay on the marketplace as they are, unwatched."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Store
    store_id: Id


class StoreDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One store of the asking tenant."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = Store
    store_id: Id


class TenantStores(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's stores, newest first."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = StorePage
    cursor: Cursor | None = None
    limit: Limit = 50


class OpenStore(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try a store's credentials and find out what its marketplace needs to be told."""

    owner: ClassVar[str] = "syncer"
    store_id: Id


class PollOrders(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read the orders of a store that changed since its cursor."""

    owner: ClassVar[str] = "syncer"
    store_id: Id
    not_after: Moment
