"""Owner: tracker. What is known of a product, how its price and stock moved, and who watches it.

Products are global; a watch ties one to a tenant. Every event here is keyed by the product id, so
all that concerns one product stands in one order.
"""

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.ids import ExternalId, Id, Source
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Money
from dropship.contracts.offers import Flag


class ProductImported(Event, frozen=True, kw_only=True):
    """The first readable look at a product: from now on it has a price, a stock and a history."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    source: Source
    external_id: ExternalId
    variant: str = ""


class ProductDescribed(Event, frozen=True, kw_only=True):
    """Title, pictures or address differ from what was known."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    title: str
    images: tuple[str, ...] = ()
    url: str | None = None
    seller: str | None = None


class PriceChanged(Event, frozen=True, kw_only=True):
    """The cost moved, in either direction, or what else is true of the offer (`flags`) did.

    `new` is None when there is no offer to buy any more.
    """

    owner: ClassVar[str] = "tracker"
    product_id: Id
    old: Money | None
    new: Money | None
    flags: tuple[Flag, ...] = ()
    observed_at: Moment


class StockChanged(Event, frozen=True, kw_only=True):
    """Availability or quantity moved. `old` is None on the first reading."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    old: Availability | None
    old_quantity: int | None
    new: Availability
    new_quantity: int | None
    quantity_kind: QuantityKind | None = None
    ships_in_days: int | None = None
    observed_at: Moment


class ProductVanished(Event, frozen=True, kw_only=True):
    """The supplier's page has been gone for several looks in a row."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    looks: int
    since: Moment


class ProductWatched(Event, frozen=True, kw_only=True):
    """A tenant began to watch. The tenant stands in the envelope and here."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    tenant_id: Id


class ProductUnwatched(Event, frozen=True, kw_only=True):
    """A tenant stopped watching."""

    owner: ClassVar[str] = "tracker"
    product_id: Id
    tenant_id: Id


class ProductArchived(Event, frozen=True, kw_only=True):
    """Nobody watches any more: no further checks; the history stays."""

    owner: ClassVar[str] = "tracker"
    product_id: Id


class Product(Struct, frozen=True, kw_only=True):
    """A product as one watcher sees it; `label` and `check_every_s` are the watcher's own."""

    id: Id
    supplier: Source
    external_id: ExternalId
    variant: str
    title: str
    price: Money | None
    list_price: Money | None
    availability: Availability
    quantity: int | None
    quantity_kind: QuantityKind | None
    ships_in_days: int | None
    flags: list[Flag]
    seller: str | None
    rating: str | None
    review_count: int | None
    images: list[str]
    url: str | None
    label: str | None
    check_every_s: int
    imported_at: Moment
    last_seen_at: Moment
    last_changed_at: Moment
    last_failure: str | None
    last_failed_at: Moment | None


class ProductPage(Struct, frozen=True, kw_only=True):
    items: list[Product]
    next_cursor: str | None


class PricePoint(Struct, frozen=True, kw_only=True):
    """From `observed_at` on the price was this; None means no offer to buy."""

    id: int
    price: Money | None
    list_price: Money | None
    flags: list[Flag]
    observed_at: Moment


class PricePage(Struct, frozen=True, kw_only=True):
    items: list[PricePoint]
    next_cursor: str | None


class StockPoint(Struct, frozen=True, kw_only=True):
    """From `observed_at` on the stock was this."""

    id: int
    availability: Availability
    quantity: int | None
    quantity_kind: QuantityKind | None
    observed_at: Moment


class StockPage(Struct, frozen=True, kw_only=True):
    items: list[StockPoint]
    next_cursor: str | None


Limit = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[str, Meta(max_length=200)]
Label = Annotated[str, Meta(max_length=200)]
CheckEvery = Annotated[int, Meta(ge=60, le=604_800)]


class AmendWatch(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the asking tenant's own notes on a product; what is left out stays as it is."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = Product
    product_id: Id
    label: Label | UnsetType | None = UNSET
    check_every_s: CheckEvery | UnsetType = UNSET


class StopWatching(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant stops watching a product; the product stays for the others."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = None
    product_id: Id


class ProductDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One product that the asking tenant watches."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = Product
    product_id: Id


class WatchedProducts(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's products, newest first."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = ProductPage
    cursor: Cursor | None = None
    limit: Limit = 50


class PriceHistory(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the price of a watched product moved, newest first."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = PricePage
    product_id: Id
    cursor: Cursor | None = None
    limit: Limit = 50


class StockHistory(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the stock of a watched product moved, newest first."""

    owner: ClassVar[str] = "tracker"
    answer: ClassVar[Any] = StockPage
    product_id: Id
    cursor: Cursor | None = None
    limit: Limit = 50
