"""Buyers: each live listing has its own, who come at random and less often the dearer it is."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.trade.book import OrderBook, Unsold
from dropship.simulators.world.dice import Dice

_HOUR = 3600.0
_RATE_MAX = 20.0
_TWO_AT_ONCE = 0.15


class DemandOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of the buyers. `reference` is the price by listing at which they come
    `per_hour` times in a virtual hour; where none is given, the first price it was live at."""

    per_hour: Annotated[float, Meta(ge=0, le=100_000)] = 1.0
    elasticity: Annotated[float, Meta(ge=0, le=20)] = 1.5
    reference: dict[str, Decimal] = {}
    on: bool = True


class Demand:
    """Moved along the virtual clock. How time is cut into steps does not change who comes."""

    def __init__(self, seed: int, shop: str, catalogue: Catalogue, book: OrderBook) -> None:
        self.wish = DemandOrder(per_hour=0, on=False)
        self.lost_sales = 0
        self._seed, self._shop = seed, shop
        self._catalogue, self._book = catalogue, book
        self._t: float | None = None
        self._dice: dict[str, Dice] = {}
        self._patience: dict[str, float] = {}
        self._first_price: dict[str, Decimal] = {}

    def order(self, wish: DemandOrder) -> None:
        self.wish = wish

    def advance_to(self, t: float, wall_at: Callable[[float], datetime]) -> None:
        """Let buyers come until virtual second `t`. Call it before anything changes the shop."""
        since, self._t = self._t, t
        if since is None or not self.wish.on or t <= since:
            return
        for product in self._catalogue.living():
            if product.live:
                for variant in product.variants:
                    self._buyers_of(product, variant, since, t, wall_at)

    def _buyers_of(
        self,
        product: Product,
        variant: Variant,
        since: float,
        until: float,
        wall_at: Callable[[float], datetime],
    ) -> None:
        key = f"{product.listing or product.slug}/{variant.title}"
        dice = self._dice.setdefault(key, Dice(self._seed, "demand", self._shop, key))
        rate = self._rate(product, variant, key)
        if rate <= 0:
            return
        patience = self._patience.pop(key, None) or dice.wait(1.0)
        t = since
        while t + patience / rate <= until:
            t += patience / rate
            patience = dice.wait(1.0)
            wanted = 2 if dice.chance(_TWO_AT_ONCE) else 1
            self._buy(product.number, variant.number, wanted, wall_at(t))
        self._patience[key] = patience - (until - t) * rate

    def _buy(self, product: int, variant: int, quantity: int, at: datetime) -> None:
        found = self._catalogue.variant(variant)
        if found is None or found[0].number != product:
            return
        for count in range(quantity, 0, -1):
            try:
                self._book.sell(*found, count, at)
            except Unsold:
                continue
            return
        self.lost_sales += 1

    def _rate(self, product: Product, variant: Variant, key: str) -> float:
        """Visits in a virtual second that end in a purchase, if there is stock."""
        first = self._first_price.setdefault(key, variant.price)
        reference = self.wish.reference.get(product.listing or "", first)
        if variant.price <= 0 or reference <= 0:
            return 0.0
        factor = float(reference / variant.price) ** self.wish.elasticity
        return float(self.wish.per_hour / _HOUR * min(factor, _RATE_MAX))
