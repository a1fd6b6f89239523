"""What a product is, and what is true of it at one moment."""

from dataclasses import dataclass
from enum import StrEnum

LOW_STOCK = 5
"""At or below this a shop page states the number ("Only 3 left in stock")."""


class Layout(StrEnum):
    """Which generation of shop page a product is shown on; `feed` rows have no page."""

    price_block = "price_block"
    core_price = "core_price"
    split_price = "split_price"
    accordion = "accordion"
    used_first = "used_first"
    feed = "feed"


class State(StrEnum):
    """What kind of offer there is. Whether it is in stock is the quantity's business."""

    buyable = "buyable"
    no_featured_offer = "no_featured_offer"
    used_only = "used_only"
    gone = "gone"


@dataclass(frozen=True, slots=True)
class Product:
    """What never changes. `anchor_minor` is the price the walk returns to, in minor units."""

    source: str
    id: str
    site: str
    title: str
    brand: str
    currency: str
    anchor_minor: int
    layout: Layout
    seller: str
    rating_tenths: int | None
    review_count: int | None
    images: tuple[str, ...]
    has_list_price: bool
    has_unit_price: bool

    @property
    def is_third_party(self) -> bool:
        return self.layout is not Layout.feed and not self.seller.startswith("Amazon")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true now. What is `held` does not move by itself; `version` grows by each change."""

    price_minor: int
    quantity: int
    state: State = State.buyable
    held: bool = False
    version: int = 1

    @property
    def availability(self) -> str:
        """In the words of the saved pages' ground truths, plus `low` and `discontinued`."""
        if self.state is State.gone:
            return "discontinued"
        if self.state is not State.buyable:
            return self.state.value
        if self.quantity == 0:
            return "out_of_stock"
        return "low" if self.quantity <= LOW_STOCK else "in_stock"

    @property
    def used_minor(self) -> int:
        """What a used one costs: about three quarters."""
        return max(1, self.price_minor * 74 // 100)

    @property
    def members_minor(self) -> int:
        """What members of the shop's club pay: about four fifths."""
        return max(1, self.price_minor * 79 // 100)

    def shown_price_minor(self, product: Product) -> int | None:
        """The price a careful reader can find on page or feed; None where none is stated."""
        if self.state in {State.gone, State.no_featured_offer}:
            return None
        if self.state is State.used_only:
            return self.used_minor
        if self.quantity == 0 and product.layout is not Layout.feed:
            return None
        return self.price_minor

    def shown_quantity(self, product: Product) -> int | None:
        """The stock a careful reader can know: exact in feeds, on pages only when low or none."""
        if self.state is not State.buyable:
            return None
        exact = product.layout is Layout.feed or self.quantity <= LOW_STOCK
        return self.quantity if exact else None
