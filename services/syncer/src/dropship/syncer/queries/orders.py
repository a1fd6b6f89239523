"""What a tenant's stores have sold."""

from typing import Any
from uuid import UUID

import msgspec

from dropship.contracts.orders import Order, OrderLine, OrderPage, TenantOrders
from dropship.pricing.money import Money, to_wire
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database
from dropship.runtime.paging import cut, read_cursor
from dropship.syncer.queries.reading import amount_of
from dropship.syncer.queries.stores import own

_PAGE = """
SELECT id, ordered_at, store_id, marketplace, external_id, name, currency, total_minor, fees_minor,
       fees_kind, refunded_minor, cancelled_at, received_at
  FROM orders
 WHERE tenant_id = %s AND (ordered_at, id) < (%s, %s) AND (%s::uuid IS NULL OR store_id = %s)
 ORDER BY ordered_at DESC, id DESC LIMIT %s
"""
_LINES = """
SELECT order_id, listing_id, product_id, sku, quantity, unit_price_minor, unit_cost_minor,
       unit_cost_currency
  FROM order_lines WHERE order_id = ANY(%s) ORDER BY order_id, line_no
"""


async def tenant_orders(asked: Asked[TenantOrders], database: Database) -> bytes:
    """A page of orders with their lines as JSON, the latest first."""
    question = asked.question
    store = await own(database, asked.tenant, question.store_id) if question.store_id else None
    before = read_cursor(question.cursor)
    rows = await database.fetch_all(
        _PAGE, (asked.tenant, *before, store, store, question.limit + 1)
    )
    shown, cursor = cut(rows, question.limit, at=1, id_=0)
    lines: dict[UUID, list[tuple[Any, ...]]] = {row[0]: [] for row in shown}
    for id_, *line in await database.fetch_all(_LINES, (list(lines),)):
        lines[id_].append(tuple(line))
    orders = [_order(row, lines[row[0]]) for row in shown]
    return msgspec.json.encode(OrderPage(items=orders, next_cursor=cursor))


def _order(row: tuple[Any, ...], lines: list[tuple[Any, ...]]) -> Order:
    id_, ordered_at, store, marketplace, external_id, name, currency, *rest = row
    total, fees, fees_kind, refunded, cancelled_at, received_at = rest
    return Order(
        id=str(id_),
        store_id=str(store),
        marketplace=marketplace,
        external_id=external_id,
        name=name,
        lines=[_line(currency, *line) for line in lines],
        total=to_wire(Money(total, currency)),
        fees=to_wire(Money(fees, currency)),
        fees_kind=fees_kind,
        refunded=to_wire(Money(refunded, currency)),
        cancelled_at=cancelled_at,
        ordered_at=ordered_at,
        received_at=received_at,
    )


def _line(
    currency: str,
    listing: UUID | None,
    product: UUID | None,
    sku: str,
    quantity: int,
    price: int,
    cost: int | None,
    cost_currency: str | None,
) -> OrderLine:
    return OrderLine(
        listing_id=str(listing) if listing else None,
        product_id=str(product) if product else None,
        sku=sku,
        quantity=quantity,
        unit_price=to_wire(Money(price, currency)),
        unit_cost=amount_of(cost, cost_currency),
    )
