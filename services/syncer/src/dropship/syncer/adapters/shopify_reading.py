"""Shopify's answers in our words: listings as they stand there, orders as they were sold."""

from collections.abc import Mapping
from datetime import datetime

from dropship.contracts import money as wire
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.syncer.adapters.errors import Invalid
from dropship.syncer.adapters.port import Seen, Shown
from dropship.syncer.adapters.shopify_answers import Amount, Line, Order, Product
from dropship.syncer.domain.orders import Sold, SoldLine

_SHOWN: Mapping[str, Shown] = {
    "DRAFT": "draft",
    "ACTIVE": "live",
    "UNLISTED": "live",
    "ARCHIVED": "ended",
}
_PAID = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})
_MONEY_IN = frozenset({"SALE", "CAPTURE"})


def amount_of(text: str, currency: str) -> Money:
    """Shopify writes ``10.0`` and ``5`` for the same kind of sum. Raises Invalid."""
    whole, point, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    try:
        plain = f"{whole}{point}{fraction}" if fraction else whole
        return from_wire(wire.Money(amount=plain, currency=currency))
    except NotMoney as error:
        raise Invalid(f"an amount that is none: {error}") from None


def number_of(gid: str) -> str:
    """What a seller sees of ``gid://shopify/Product/123``: 123."""
    return gid.rpartition("/")[2]


def seen_of(key: str, product: Product, currency: str) -> Seen:
    """A product as the listing it is. Raises Invalid for what has no place in our words.

    Active but not on our channel is a draft to us: nobody can buy it there.
    """
    shown = _SHOWN.get(product.status)
    if shown is None or not product.variants.nodes:
        raise Invalid(f"a product of status {product.status[:40]!r}, or without a variant")
    if shown == "live" and not product.published_on_publication:
        shown = "draft"
    variant = product.variants.nodes[0]
    item = variant.inventory_item
    quantities = item.inventory_level.quantities if item.inventory_level is not None else []
    return Seen(
        key=key,
        external_id=number_of(product.id),
        shown=shown,
        price=amount_of(variant.price, currency),
        quantity=sum(each.quantity for each in quantities if each.name == "available"),
        refs={"product": product.id, "variant": variant.id, "item": item.id},
    )


def sold_of(order: Order, lines: list[Line]) -> Sold:
    """An order in the store's currency; what the buyer paid in another one is not our business.

    Raises Invalid for sums that cannot be added up.
    """
    currency = order.currency_code
    sold = tuple(_line(line) for line in lines)
    refunded = _money(order.total_refunded_set.shop_money)
    if any(each.currency != currency for each in (refunded, *(line.unit_price for line in sold))):
        raise Invalid("an order in several currencies", fields=("currencyCode",))
    total = sum(line.unit_price.minor * line.quantity for line in sold)
    return Sold(
        external_id=number_of(order.id),
        name=order.name,
        lines=sold,
        total=Money(total, currency),
        fees=_fees(order, currency),
        refunded=refunded,
        refunded_at=_refunded_at(order),
        paid=order.display_financial_status in _PAID and not order.test,
        cancelled_at=order.cancelled_at,
        ordered_at=order.created_at,
        updated_at=order.updated_at,
    )


def _line(line: Line) -> SoldLine:
    metafield = line.product.metafield if line.product is not None else None
    return SoldLine(
        key=metafield.value if metafield is not None else None,
        sku=line.sku or "",
        quantity=line.quantity,
        unit_price=_money(line.discounted_unit_price_after_all_discounts_set.shop_money),
    )


def _money(amount: Amount) -> Money:
    return amount_of(amount.amount, amount.currency_code)


def _fees(order: Order, currency: str) -> Money | None:
    """All fees of the payments, with the tax on them; None where any is in another currency."""
    told = [
        amount
        for transaction in order.transactions
        if transaction.status == "SUCCESS" and transaction.kind in _MONEY_IN
        for fee in transaction.fees
        for amount in (fee.amount, fee.tax_amount)
    ]
    if not told or any(amount.currency_code != currency for amount in told):
        return None
    return Money(sum(_money(amount).minor for amount in told), currency)


def _refunded_at(order: Order) -> datetime | None:
    return max((r.created_at for r in order.refunds if r.created_at is not None), default=None)
