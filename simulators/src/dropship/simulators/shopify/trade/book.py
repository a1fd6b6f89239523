"""The orders of a shop: made, refunded, cancelled, and what they do to the stock."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.versions import Versions
from dropship.simulators.shopify.money import fee_of
from dropship.simulators.shopify.trade.order import Fee, Line, Order, Refund, Transaction

FIRST_NAME = 1_000


class Unsold(Exception):
    """No order came of it; the reason is one of a few words."""


class Tariff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one payment costs: a share of the total and a fixed sum."""

    rate: Decimal = Decimal("0.029")
    fixed: Decimal = Decimal("0.30")


class Extras(Struct, frozen=True, kw_only=True):
    """What stands beside the price: `discount` is taken off the whole line."""

    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)


NO_EXTRAS = Extras()


class OrderBook:
    """Orders in the order in which they came."""

    def __init__(self, catalogue: Catalogue, currency: str, tariff: Tariff) -> None:
        self.orders: Versions[Order] = Versions()
        self.tariff = tariff
        self._catalogue = catalogue
        self.currency = currency
        self._count = 0

    def sell(
        self,
        product: Product,
        variant: Variant,
        quantity: int,
        at: datetime,
        extras: Extras = NO_EXTRAS,
    ) -> Order:
        """A paid order at the price of this moment, or `Unsold`."""
        if extras.discount > variant.price * quantity:
            raise Unsold("the discount is more than the goods cost")
        if not product.live:
            raise Unsold("not published" if product.status == "ACTIVE" else product.status.lower())
        if not variant.can_sell(quantity):
            raise Unsold("out of stock")
        if variant.tracked:
            left = variant.quantity - quantity
            self._catalogue.set_quantity(product, variant, left, at)
        line = Line(
            number=self._next("LineItem"),
            product=product.number,
            variant=variant.number,
            listing=product.listing,
            title=product.title,
            variant_title=variant.title,
            sku=variant.sku,
            quantity=quantity,
            unit_price=variant.price,
            discount=extras.discount,
        )
        return self._keep(self._made(line, at, extras))

    def refund(
        self, order: Order, amount: Decimal | None, at: datetime, *, restock: bool, note: str = ""
    ) -> Order:
        """Pay back all that is left, or this much. Only a full one takes the units back."""
        left = order.total - order.refunded
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise Unsold(f"only {left} is left to refund")
        quantities: tuple[tuple[int, int], ...] = ()
        if amount == left:
            back = (
                (line.number, line.quantity - order.returned(line.number)) for line in order.lines
            )
            quantities = tuple((number, count) for number, count in back if count)
        if restock:
            self._restock(order, dict(quantities), at)
        paid = Transaction(
            self._next("OrderTransaction"),
            "REFUND",
            amount,
            at,
            parent=order.transactions[0].number,
        )
        refund = Refund(self._next("Refund"), at, amount, note, quantities, restock, paid.number)
        return self._keep(
            replace(
                order,
                updated_at=at,
                transactions=(*order.transactions, paid),
                refunds=(*order.refunds, refund),
            )
        )

    def cancel(self, order: Order, reason: str, at: datetime) -> Order:
        """Cancel before it is sent: the rest is refunded, the units go back on the shelf."""
        if order.cancelled_at is not None:
            raise Unsold("cancelled already")
        if order.refunded < order.total:
            order = self.refund(order, None, at, restock=True, note="cancelled")
        return self._keep(replace(order, updated_at=at, cancelled_at=at, cancel_reason=reason))

    def find(self, written: str) -> Order | None:
        """By number, by `gid://shopify/Order/<number>`, or by name with or without its `#`."""
        text = written.rsplit("/", 1)[-1].lstrip("#")
        orders = self.orders.all()
        return next((o for o in orders if text in {str(o.number), o.name.lstrip("#")}), None)

    def _made(self, line: Line, at: datetime, extras: Extras) -> Order:
        self._count += 1
        total = line.total + extras.tax + extras.shipping
        fee = Fee(
            self._next("TransactionFee"),
            fee_of(total, self.tariff.rate, self.tariff.fixed, self.currency),
            self.tariff.rate,
            self.tariff.fixed,
        )
        fees = (fee,) if total else ()
        paid = Transaction(self._next("OrderTransaction"), "SALE", total, at, fees)
        return Order(
            number=self._next("Order"),
            name=f"#{FIRST_NAME + self._count}",
            at=at,
            updated_at=at,
            currency=self.currency,
            lines=(line,),
            transactions=(paid,),
            tax=extras.tax,
            shipping=extras.shipping,
        )

    def _restock(self, order: Order, quantities: dict[int, int], at: datetime) -> None:
        for line in order.lines:
            found = self._catalogue.variant(line.variant)
            count = quantities.get(line.number, 0)
            if found is not None and found[1].tracked and count:
                product, variant = found
                self._catalogue.set_quantity(product, variant, variant.quantity + count, at)

    def _keep(self, order: Order) -> Order:
        self.orders.put(order.number, order)
        return order

    def _next(self, kind: str) -> int:
        return self._catalogue.next_number(kind)
