"""Shopify's answers in our words: listings as they stand there, orders as they were sold."""

import re
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from dropship.contracts import money as wire
from dropship.pricing.money import Money, NotMoney, exponent_of, from_wire
from dropship.pricing.rounding import half_even
from dropship.syncer.adapters.errors import Invalid
from dropship.syncer.adapters.port import UNLIMITED, Seen, Shown
from dropship.syncer.adapters.shopify_answers import Bag, Line, Order, Product, Variant
from dropship.syncer.domain.orders import Sold, SoldLine

_SHOWN: Mapping[str, Shown] = {
    "DRAFT": "draft",
    "ACTIVE": "live",
    "UNLISTED": "live",
    "ARCHIVED": "ended",
}
_PAID = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})
STOPS_AT_0 = "DENY"
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,40})?")
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
    return Seen(
        key=key,
        external_id=number_of(product.id),
        shown=shown,
        price=amount_of(variant.price, currency),
        quantity=_quantity(variant),
        refs={"product": product.id, "variant": variant.id, "item": variant.inventory_item.id},
    )


def _quantity(variant: Variant) -> int:
    """How many can be bought: what lies at our place, unless that does not limit it. Where nothing
    of it was ever put there, how many lie elsewhere is not known. Raises Invalid.
    """
    item = variant.inventory_item
    if not item.tracked or variant.inventory_policy != STOPS_AT_0:
        return UNLIMITED
    if item.inventory_level is None:
        raise Invalid("it has no stock at our location", fields=("inventoryLevel",))
    quantities = item.inventory_level.quantities
    return sum(each.quantity for each in quantities if each.name == "available")


def sold_of(order: Order, lines: list[Line]) -> Sold:
    """An order in the store's currency; what the buyer paid in another one is not our business.

    Raises Invalid for sums that cannot be added up.
    """
    currency = order.currency_code
    try:
        sold = tuple(part for line in lines for part in _parts(line, currency))
        total = Money(sum(line.unit_price.minor * line.quantity for line in sold), currency)
        fees, refunded = _fees(order, currency), _refunded(order, total)
    except NotMoney as error:
        raise Invalid(f"an amount that is none: {error}") from None
    return Sold(
        external_id=number_of(order.id),
        name=order.name,
        lines=sold,
        total=total,
        fees=fees,
        refunded=refunded,
        refunded_at=_refunded_at(order),
        paid=order.display_financial_status in _PAID and not order.test,
        cancelled_at=order.cancelled_at,
        ordered_at=order.created_at,
        updated_at=order.updated_at,
    )


def _parts(line: Line, currency: str) -> list[SoldLine]:
    """A line at what was paid for it in all. Shopify's price of one is only about right after a
    discount on several: 19.97 for three is two at 6.66 and one at 6.65.
    """
    metafield = line.product.metafield if line.product is not None else None
    key = metafield.value if metafield is not None else None
    off = [_exact(each.allocated_amount_set, currency) for each in line.discount_allocations]
    paid = _rounded(_exact(line.original_total_set, currency) - sum(off), currency)
    if line.quantity < 1:
        return []
    each, dearer = divmod(paid.minor, line.quantity)
    parts = ((line.quantity - dearer, each), (dearer, each + 1))
    return [
        SoldLine(key, line.sku or "", quantity, Money(minor, currency))
        for quantity, minor in parts
        if quantity
    ]


def _exact(bag: Bag, currency: str) -> Fraction:
    """In minor units, with all that Shopify writes behind the point. Raises Invalid, NotMoney."""
    amount = bag.shop_money
    if amount.currency_code != currency:
        raise Invalid("an order in several currencies", fields=("currencyCode",))
    if _NUMBER.fullmatch(amount.amount) is None:
        raise NotMoney(f"{amount.amount[:40]!r} is no amount")
    return Fraction(amount.amount) * Fraction(10) ** exponent_of(currency)


def _rounded(exact: Fraction, currency: str) -> Money:
    """The one place where a sum of an order becomes whole cents; everything before is exact."""
    return Money(half_even(exact.numerator, exact.denominator), currency)


def _refunded(order: Order, total: Money) -> Money:
    """What went back of the total: shipping, and tax that stands beside the prices, is not in it,
    so giving them back is no loss.
    """
    currency = total.currency
    back = _exact(order.total_refunded_set, currency)
    back -= _exact(order.total_refunded_shipping_set, currency)
    if order.total_tax_set is not None and not order.taxes_included:
        left = _exact(order.current_total_tax_set, currency)
        back -= max(_exact(order.total_tax_set, currency) - left, Fraction(0))
    return min(_rounded(max(back, Fraction(0)), currency), total)


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
    return _rounded(sum((_exact(Bag(each), currency) for each in told), Fraction(0)), currency)


def _refunded_at(order: Order) -> datetime | None:
    return max((r.created_at for r in order.refunds if r.created_at is not None), default=None)
