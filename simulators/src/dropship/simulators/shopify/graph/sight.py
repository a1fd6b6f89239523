"""What an answer may look at while it is written: the shop, perhaps as it was a while ago."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.money import as_decimal
from dropship.simulators.shopify.trade.book import OrderBook


@dataclass(frozen=True, slots=True)
class Sight:
    """Every resolver sees the shop through one of these. `app` is the one that asks."""

    name: str
    currency: str
    scopes: tuple[str, ...]
    catalogue: Catalogue
    book: OrderBook
    app: int
    lag_s: float = 0.0

    def product(self, number: int) -> Product | None:
        return self.catalogue.product(number, self.lag_s)

    def variant(self, number: int) -> tuple[Product, Variant] | None:
        return self.catalogue.variant(number, self.lag_s)

    def money(self, amount: Decimal) -> dict[str, str]:
        """A `MoneyV2`, which is a plain dict."""
        return {"amount": as_decimal(amount), "currencyCode": self.currency}

    def bag(self, amount: Decimal) -> dict[str, dict[str, str]]:
        """A `MoneyBag`: the buyer pays in the shop's own currency."""
        return {"shopMoney": self.money(amount), "presentmentMoney": self.money(amount)}


def moment(at: datetime | None) -> str | None:
    """A `DateTime`: whole seconds, in UTC."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
