"""Owner: scraper. Suppliers as wholes: whether we may ask them now, and a tenant's own feeds."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from dropship.contracts.ids import Source
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment


class SupplierSuspended(Event, frozen=True, kw_only=True):
    """Looks at this source stop until `until`; queued work waits, nothing is out of stock."""

    owner: ClassVar[str] = "scraper"
    source: Source
    reason: str
    until: Moment


class SupplierResumed(Event, frozen=True, kw_only=True):
    """The source answers again."""

    owner: ClassVar[str] = "scraper"
    source: Source


class SupplierRegistered(Event, frozen=True, kw_only=True):
    """A supplier plugin is plugged in, or its terms changed: what others need to ask for looks.

    `sources` are the shared ones; with `per_tenant` each tenant has instances of its own besides,
    ``<plugin>-<tenant hex>[-<name>]``. `id_pattern` is a regular expression for external ids.
    `looks_per_minute` is the budget of each source over all replicas.
    """

    owner: ClassVar[str] = "scraper"
    plugin: str
    sources: tuple[Source, ...]
    default_source: Source | None
    per_tenant: bool
    id_pattern: str
    id_example: str
    looks_per_minute: int


class Feed(Struct, frozen=True, kw_only=True):
    """A tenant's own feed as it may be shown: its address stays sealed."""

    id: Source
    name: str
    format: Literal["csv", "json"]
    host: str
    created_at: Moment


class FeedPage(Struct, frozen=True, kw_only=True):
    items: list[Feed]
    next_cursor: str | None


FeedName = Annotated[str, Meta(pattern=r"^[a-z0-9]{1,32}$(?!\n)", examples=["wholesale"])]
FeedUrl = Annotated[str, Meta(pattern=r"^https?://", max_length=2048)]


class ConnectFeed(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Register or replace the tenant's feed of that name. Its URL may hold a token: sealed."""

    owner: ClassVar[str] = "scraper"
    answer: ClassVar[Any] = Feed
    name: FeedName
    url: FeedUrl
    format: Literal["csv", "json"] = "csv"


class TenantFeeds(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's feeds."""

    owner: ClassVar[str] = "scraper"
    answer: ClassVar[Any] = FeedPage
