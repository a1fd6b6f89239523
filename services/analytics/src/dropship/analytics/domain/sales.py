"""What an order is worth, line by line, in integer minor units of one currency.

Everything comes from the event alone. A cost that is not known, or known in another currency, is
counted in units and never guessed.
"""

from datetime import UTC, date, datetime

from msgspec import Struct

from dropship.analytics.domain.allocating import allocate
from dropship.contracts.orders import OrderLine, OrderReceived
from dropship.pricing.money import Money, from_wire


class MixedCurrencies(ValueError):
    """One order speaks of two currencies: its sums would be neither."""


class Line(Struct):
    """One line of an order. `number` is its place in the order, from 0.

    `cost_unknown` counts the units whose cost is missing in `cost`; `refunds` grows later.
    """

    number: int
    listing_id: str | None
    product_id: str | None
    units: int
    revenue: int
    fees: int
    cost: int
    cost_unknown: int
    refunds: int = 0


class Order(Struct):
    """An order and what became of it. `day` is the UTC day on which it was ordered."""

    id: str
    tenant_id: str
    store_id: str
    day: date
    currency: str
    lines: list[Line]
    cancelled_on: date | None = None


def day_of(moment: datetime) -> date:
    """The UTC day of a moment, wherever its clock stood."""
    return moment.astimezone(UTC).date()


def order_of(event: OrderReceived, tenant_id: str) -> Order:
    """The order that was received, its total and its fees spread over its lines exactly.

    An order without lines keeps its money on one line that names nothing. Raises MixedCurrencies
    when a price or the fees stand in another currency than the total, and NotMoney or ValueError
    for amounts that cannot be held or spread.
    """
    total, fees = from_wire(event.total), from_wire(event.fees)
    worths = [_worth(line, total.currency) for line in event.lines]
    if fees.currency != total.currency:
        raise MixedCurrencies(f"fees in {fees.currency}, total in {total.currency}")
    revenues = allocate(total.minor, worths or [0])
    shares = allocate(fees.minor, [max(revenue, 0) for revenue in revenues])
    lines = [
        _line(number, line, revenues[number], shares[number], total.currency)
        for number, line in enumerate(event.lines)
    ] or [Line(0, None, None, 0, revenues[0], shares[0], 0, 0)]
    day = day_of(event.ordered_at)
    return Order(event.order_id, tenant_id, event.store_id, day, total.currency, lines)


def _worth(line: OrderLine, currency: str) -> int:
    price = from_wire(line.unit_price)
    if price.currency != currency:
        raise MixedCurrencies(f"a line in {price.currency}, total in {currency}")
    return price.minor * line.quantity


def _line(number: int, line: OrderLine, revenue: int, fees: int, currency: str) -> Line:
    cost = _known_cost(line, currency)
    return Line(
        number=number,
        listing_id=line.listing_id,
        product_id=line.product_id,
        units=line.quantity,
        revenue=revenue,
        fees=fees,
        cost=cost.minor * line.quantity if cost else 0,
        cost_unknown=0 if cost else line.quantity,
    )


def _known_cost(line: OrderLine, currency: str) -> Money | None:
    if line.unit_cost is None or line.unit_cost.currency != currency:
        return None
    return from_wire(line.unit_cost)


def spread_refund(lines: list[Line], amount: int) -> list[int]:
    """Spread money that goes back over the lines, by what each has left to give back.

    So a line gives back no more than it took while the order does not, and an order that is wholly
    refunded has every line wholly refunded. What goes beyond (shipping, goodwill) follows the
    revenue.
    """
    left = [max(line.revenue - line.refunds, 0) for line in lines]
    return allocate(amount, left if any(left) else [max(line.revenue, 0) for line in lines])
