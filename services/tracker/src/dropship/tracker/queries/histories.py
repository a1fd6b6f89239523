"""How price and stock of a watched product moved, newest first."""

from typing import Any

import msgspec

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import Flag
from dropship.contracts.products import (
    PriceHistory,
    PricePage,
    PricePoint,
    StockHistory,
    StockPage,
    StockPoint,
)
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database
from dropship.runtime.paging import cursor_of_row, read_row_cursor
from dropship.tracker.queries.products import known_id, money_of, not_found

_LARGEST_ID = 2**63 - 1

_HISTORY = """
SELECT h.* FROM watches w
  JOIN products p ON p.id = w.product_id AND p.imported_at IS NOT NULL
  LEFT JOIN LATERAL (SELECT {columns} FROM {table} t
                      WHERE t.product_id = w.product_id AND t.id < %s
                      ORDER BY t.id DESC LIMIT %s) h ON true
 WHERE w.tenant_id = %s AND w.product_id = %s
"""
_PRICES = _HISTORY.format(
    columns="id, price_minor, list_price_minor, currency, flags, observed_at",
    table="price_history",
)
_STOCKS = _HISTORY.format(
    columns="id, availability, stock, stock_kind, observed_at", table="stock_history"
)


async def price_history(asked: Asked[PriceHistory], database: Database) -> bytes:
    """A page of prices as JSON."""
    rows, cursor = await _rows(asked, database, _PRICES)
    return msgspec.json.encode(PricePage(items=[_price(row) for row in rows], next_cursor=cursor))


async def stock_history(asked: Asked[StockHistory], database: Database) -> bytes:
    """A page of stocks as JSON."""
    rows, cursor = await _rows(asked, database, _STOCKS)
    return msgspec.json.encode(StockPage(items=[_stock(row) for row in rows], next_cursor=cursor))


async def _rows(
    asked: Asked[PriceHistory] | Asked[StockHistory], database: Database, sql: str
) -> tuple[list[tuple[Any, ...]], str | None]:
    """One statement: no row means no watch, a row of nulls means no history yet."""
    question = asked.question
    before = read_row_cursor(question.cursor) if question.cursor else _LARGEST_ID
    id_ = known_id(question.product_id)
    rows = await database.fetch_all(sql, (before, question.limit + 1, asked.tenant, id_))
    if not rows:
        raise not_found(question.product_id)
    points = [row for row in rows if row[0] is not None]
    shown = points[: question.limit]
    return shown, cursor_of_row(shown[-1][0]) if len(points) > len(shown) else None


def _price(row: tuple[Any, ...]) -> PricePoint:
    id_, price, list_price, currency, flags, observed_at = row
    return PricePoint(
        id=id_,
        price=money_of(price, currency),
        list_price=money_of(list_price, currency),
        flags=[Flag(flag) for flag in flags],
        observed_at=observed_at,
    )


def _stock(row: tuple[Any, ...]) -> StockPoint:
    id_, availability, stock, kind, observed_at = row
    return StockPoint(
        id=id_,
        availability=Availability(availability),
        quantity=stock,
        quantity_kind=QuantityKind(kind) if kind else None,
        observed_at=observed_at,
    )
