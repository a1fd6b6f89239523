"""How price and stock moved: one row per fact said, never one without."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dropship.contracts.products import PriceChanged, StockChanged
from dropship.pricing.money import Money, from_wire
from dropship.runtime.journal import Transaction
from dropship.tracker.projections.products import as_json

_PRICES = """
INSERT INTO price_history (product_id, price_minor, list_price_minor, currency, flags, observed_at)
SELECT u.product_id, u.price, u.list_price, u.currency, u.flags::jsonb, u.at
  FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
       WITH ORDINALITY u(product_id, price, list_price, currency, flags, at, n) ORDER BY u.n
"""

_STOCKS = """
INSERT INTO stock_history (product_id, availability, stock, stock_kind, observed_at)
SELECT u.product_id, u.availability, u.stock, u.kind, u.at
  FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[], %s::timestamptz[])
       WITH ORDINALITY u(product_id, availability, stock, kind, at, n) ORDER BY u.n
"""


async def add_prices(tx: Transaction, changes: Sequence[tuple[PriceChanged, Money | None]]) -> None:
    """Append price changes, each with the list price shown beside it."""
    rows = [_price(change, list_price) for change, list_price in changes]
    if rows:
        await tx.execute(_PRICES, tuple(map(list, zip(*rows, strict=True))))


async def add_stocks(tx: Transaction, changes: Sequence[StockChanged]) -> None:
    """Append stock changes."""
    rows = [_stock(change) for change in changes]
    if rows:
        await tx.execute(_STOCKS, tuple(map(list, zip(*rows, strict=True))))


def _price(change: PriceChanged, list_price: Money | None) -> tuple[Any, ...]:
    price = from_wire(change.new) if change.new else None
    return (
        UUID(change.product_id),
        price.minor if price else None,
        list_price.minor if list_price else None,
        price.currency if price else None,
        as_json(change.flags),
        change.observed_at,
    )


def _stock(change: StockChanged) -> tuple[Any, ...]:
    return (
        UUID(change.product_id),
        change.new.value,
        change.new_quantity,
        change.quantity_kind.value if change.quantity_kind else None,
        change.observed_at,
    )
