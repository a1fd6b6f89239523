"""The rows that a book of orders becomes: orders, their lines, the ledger, and sums by day."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import astuple
from psycopg import sql

from dropship.analytics.domain.book import Book, DayKey, Sums
from dropship.analytics.domain.sales import Line, Order
from dropship.runtime.journal import Transaction

_DAYS = UUID("0e6c7d0c-6f57-5b0e-8f5d-0e8ad5f1c2b7")

_KNOWN = """
SELECT o.id, o.tenant_id, o.store_id, o.day, o.currency, o.cancelled_on, l.line, l.listing_id,
       l.product_id, l.units, l.revenue_minor, l.fees_minor, l.cost_minor, l.cost_unknown,
       l.refunds_minor
  FROM orders o JOIN order_lines l ON l.order_id = o.id
 WHERE o.id = ANY(%s) ORDER BY o.id, l.line
"""

_ORDERS = "orders", ("id", "tenant_id", "store_id", "day", "currency", "cancelled_on")
_LINES = (
    "order_lines",
    (
        *("order_id", "line", "listing_id", "product_id", "units", "revenue_minor", "fees_minor"),
        *("cost_minor", "cost_unknown", "refunds_minor"),
    ),
)
_LEDGER = (
    "ledger",
    (
        *("event_id", "line", "account", "tenant_id", "order_id", "store_id", "listing_id"),
        *("product_id", "day", "currency", "amount_minor"),
    ),
)
_TYPES = {
    **{"event_id": "uuid", "day": "date", "cancelled_on": "date"},
    **dict.fromkeys(("line", "units", "cost_unknown"), "int4"),
    **dict.fromkeys(
        ("revenue_minor", "fees_minor", "cost_minor", "refunds_minor", "amount_minor"), "int8"
    ),
}
"""What COPY in binary needs to know; every other column is a text."""

_CANCEL = """
UPDATE orders o SET cancelled_on = u.day
  FROM unnest(%s::text[], %s::date[]) u(id, day) WHERE o.id = u.id
"""

_REFUND = """
UPDATE order_lines l SET refunds_minor = u.refunds
  FROM unnest(%s::text[], %s::int[], %s::bigint[]) u(id, line, refunds)
 WHERE l.order_id = u.id AND l.line = u.line
"""

_DAY_SUMS = """
INSERT INTO marketplace_data AS m (id, tenant_id, store_id, listing_id, product_id, date, currency,
       sales, orders, revenue_minor, refunds_minor, fees_minor, cost_minor, cost_unknown,
       profit_minor)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[],
       %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
       %s::bigint[], %s::bigint[], %s::bigint[])
    ON CONFLICT (id) DO UPDATE SET sales = m.sales + excluded.sales,
       orders = m.orders + excluded.orders,
       revenue_minor = m.revenue_minor + excluded.revenue_minor,
       refunds_minor = m.refunds_minor + excluded.refunds_minor,
       fees_minor = m.fees_minor + excluded.fees_minor,
       cost_minor = m.cost_minor + excluded.cost_minor,
       cost_unknown = m.cost_unknown + excluded.cost_unknown,
       profit_minor = m.profit_minor + excluded.profit_minor
"""


async def open_book(tx: Transaction, order_ids: Iterable[str]) -> Book:
    """A book that knows these orders, as far as they were ever received."""
    orders: dict[str, Order] = {}
    ids = sorted(set(order_ids))
    rows = await tx.fetch_all(_KNOWN, (ids,)) if ids else []
    for id_, tenant, store, day, currency, cancelled_on, *line in rows:
        order = orders.setdefault(id_, Order(id_, tenant, store, day, currency, [], cancelled_on))
        order.lines.append(Line(*line))
    return Book(orders)


async def write_down(tx: Transaction, book: Book) -> None:
    """Add what the book tells to the tables. Days are locked in the order of their ids."""
    received = [book.orders[id_] for id_ in book.received]
    await _copy(tx, _ORDERS, [_order_row(order) for order in received])
    await _copy(tx, _LINES, [row for order in received for row in _line_rows(order)])
    await _copy(tx, _LEDGER, book.entries)
    new = set(book.received)
    await _rewrite(tx, [book.orders[id_] for id_ in book.touched if id_ not in new])
    days = sorted((_day_id(key), *key, *_amounts(sums)) for key, sums in book.days.items())
    if days:
        await tx.execute(_DAY_SUMS, _columns(days))


async def _rewrite(tx: Transaction, orders: Sequence[Order]) -> None:
    """Orders that were known and have been cancelled or refunded since."""
    cancelled = [(order.id, order.cancelled_on) for order in orders if order.cancelled_on]
    if cancelled:
        await tx.execute(_CANCEL, _columns(cancelled))
    refunds = [(order.id, line.number, line.refunds) for order in orders for line in order.lines]
    if refunds:
        await tx.execute(_REFUND, _columns(refunds))


async def _copy(
    tx: Transaction, into: tuple[str, tuple[str, ...]], rows: Sequence[tuple[Any, ...]]
) -> None:
    if not rows:
        return
    table, columns = into
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with tx.connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_TYPES.get(column, "text") for column in columns])
        for row in rows:
            await copy.write_row(row)


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _order_row(order: Order) -> tuple[Any, ...]:
    return (
        order.id,
        order.tenant_id,
        order.store_id,
        order.day,
        order.currency,
        order.cancelled_on,
    )


def _line_rows(order: Order) -> Iterable[tuple[Any, ...]]:
    return ((order.id, *astuple(line)) for line in order.lines)


def _day_id(key: DayKey) -> UUID:
    return uuid5(_DAYS, "\n".join(str(part or "") for part in key))


def _amounts(sums: Sums) -> tuple[int, ...]:
    return (
        sums.sales,
        sums.orders,
        sums.revenue,
        sums.refunds,
        sums.fees,
        sums.cost,
        sums.cost_unknown,
        sums.profit,
    )
