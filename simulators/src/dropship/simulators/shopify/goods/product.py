"""What a product and its variants are at one moment. A change makes a new one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing to buy. `quantity` is what is available at `place`, the one location it lies at."""

    number: int
    options: tuple[tuple[str, str], ...]
    sku: str | None
    price: Decimal
    quantity: int
    tracked: bool
    oversells: bool
    created_at: datetime
    updated_at: datetime
    place: int
    compare_at: Decimal | None = None
    barcode: str | None = None
    cost: Decimal | None = None

    @property
    def item_number(self) -> int:
        """The inventory item is another thing with another id."""
        return self.number + 500_000_000

    @property
    def title(self) -> str:
        return " / ".join(value for _, value in self.options)

    def can_sell(self, quantity: int) -> bool:
        return not self.tracked or self.oversells or self.quantity >= quantity


@dataclass(frozen=True, slots=True)
class Metafield:
    number: int
    namespace: str
    key: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Product:
    """`listing` is the value of the metafield of type `id` it was set by: the seller's own key."""

    number: int
    title: str
    slug: str
    created_at: datetime
    updated_at: datetime
    status: str = "ACTIVE"
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    files: tuple[str, ...] = ()
    metafields: tuple[Metafield, ...] = ()
    variants: tuple[Variant, ...] = ()
    published: frozenset[int] = frozenset()
    published_at: datetime | None = None
    listing: str | None = None
    deleted: bool = False

    @property
    def live(self) -> bool:
        """A buyer can find it: ACTIVE alone is not enough, it must be on a publication too."""
        return self.status == "ACTIVE" and bool(self.published) and not self.deleted

    @property
    def exists(self) -> bool:
        """Neither deleted nor put away."""
        return not self.deleted and self.status != "ARCHIVED"

    def variant(self, number: int) -> Variant | None:
        return next((v for v in self.variants if v.number == number), None)
