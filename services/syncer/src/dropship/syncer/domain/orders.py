"""What an order that was read means, given what is known: facts to say, each of them once.

Costs and fees go into the facts by value, so that whoever counts profit needs nothing else.
"""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from dropship.contracts.messages import Event
from dropship.contracts.orders import (
    FeesKind,
    OrderCancelled,
    OrderLine,
    OrderReceived,
    OrderRefunded,
)
from dropship.pricing.breakdown import breakdown
from dropship.pricing.fees import UnknownSchedule, schedule
from dropship.pricing.money import CurrencyMismatch, Money, to_wire
from dropship.pricing.terms import Terms


class SoldLine(Struct, frozen=True):
    """One line of an order. `key` is our listing's, None when the thing sold is not ours."""

    key: str | None
    sku: str
    quantity: int
    unit_price: Money


class Sold(Struct, frozen=True, kw_only=True):
    """An order as the marketplace shows it now. `fees` is None when it does not tell them.

    `refunded` is all that went back so far, `refunded_at` when the last of it did.
    """

    external_id: str
    name: str
    lines: tuple[SoldLine, ...]
    total: Money
    fees: Money | None
    refunded: Money
    paid: bool
    cancelled_at: datetime | None
    ordered_at: datetime
    updated_at: datetime
    refunded_at: datetime | None = None


class Ours(Struct, frozen=True):
    """What is known of a line that sold a listing of ours; `cost` is what one costs us."""

    listing_id: str
    product_id: str
    cost: Money | None


class Shop(Struct, frozen=True):
    """The store an order was made in."""

    store_id: str
    marketplace: str
    fee_schedule: str


class Remembered(Struct, frozen=True):
    """An order as it was last told."""

    version: int
    refunded: Money
    cancelled_at: datetime | None


def is_business_of_ours(sold: Sold, ours: Sequence[Ours | None]) -> bool:
    """Paid for, and with at least one thing that we listed; the seller may sell other things."""
    return sold.paid and any(line is not None for line in ours)


def received(sold: Sold, order_id: str, shop: Shop, ours: Sequence[Ours | None]) -> OrderReceived:
    """An order seen for the first time, in the order of its lines. Lines of the seller's own
    goods stand in it without a listing: the total and the fees are the whole order's.
    """
    total = Money(
        sum(each.unit_price.minor * each.quantity for each in sold.lines), _currency(sold)
    )
    fees, kind = _fees(sold, total, shop.fee_schedule)
    return OrderReceived(
        order_id=order_id,
        store_id=shop.store_id,
        marketplace=shop.marketplace,
        external_id=sold.external_id,
        lines=tuple(_line(line, known) for line, known in zip(sold.lines, ours, strict=True)),
        total=to_wire(total),
        fees=to_wire(fees),
        fees_kind=kind,
        ordered_at=sold.ordered_at,
    )


def changes(sold: Sold, order_id: str, store_id: str, before: Remembered) -> tuple[Event, ...]:
    """What has happened to an order since it was last told: more refunded, called off."""
    facts: list[Event] = []
    if before.refunded < sold.refunded:
        refunded = OrderRefunded(
            order_id=order_id,
            store_id=store_id,
            amount=to_wire(sold.refunded - before.refunded),
            refunded=to_wire(sold.refunded),
            ordered_at=sold.ordered_at,
            refunded_at=sold.refunded_at or sold.updated_at,
        )
        facts.append(refunded)
    if sold.cancelled_at is not None and before.cancelled_at is None:
        facts.append(
            OrderCancelled(order_id=order_id, store_id=store_id, cancelled_at=sold.cancelled_at)
        )
    return tuple(facts)


def untold(sold: Sold) -> Remembered:
    """An order right after it was received: nothing went back, nobody called it off."""
    return Remembered(1, Money(0, _currency(sold)), None)


def estimated_fees(total: Money, fee_schedule: str, on: date) -> Money:
    """What the schedule of that day takes from such a sale. Raises UnknownSchedule,
    CurrencyMismatch.
    """
    terms = Terms(Money(0, total.currency), schedule(fee_schedule, on))
    return breakdown(terms, total).fees_total


def _fees(sold: Sold, total: Money, fee_schedule: str) -> tuple[Money, FeesKind]:
    if sold.fees is not None and sold.fees.currency == total.currency:
        return sold.fees, "charged"
    try:
        return estimated_fees(total, fee_schedule, sold.ordered_at.date()), "estimated"
    except (UnknownSchedule, CurrencyMismatch):
        return Money(0, total.currency), "estimated"


def _line(line: SoldLine, known: Ours | None) -> OrderLine:
    cost = known.cost if known is not None else None
    return OrderLine(
        listing_id=known.listing_id if known is not None else None,
        product_id=known.product_id if known is not None else None,
        sku=line.sku,
        quantity=line.quantity,
        unit_price=to_wire(line.unit_price),
        unit_cost=to_wire(cost) if cost is not None else None,
    )


def _currency(sold: Sold) -> str:
    return sold.total.currency
