"""The rows of `products`: what the tracker said last of cost and stock, and in which event."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.products import (
    PriceChanged,
    ProductImported,
    ProductVanished,
    StockChanged,
)
from dropship.policy.projections.causes import Chain, as_json
from dropship.pricing.money import Money, from_wire
from dropship.runtime.journal import Transaction

NONE_LEFT = frozenset({Availability.out_of_stock, Availability.discontinued})


class Noted(Struct, frozen=True):
    """A fact about a product, with what it came from."""

    product: UUID
    fact: ProductImported | PriceChanged | StockChanged | ProductVanished
    chain: Chain


_ADD = "INSERT INTO products (id) SELECT * FROM unnest(%s::uuid[]) ON CONFLICT DO NOTHING"
_LOCK = """
SELECT id, cost_minor, cost_currency FROM products WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""

_SOURCE = "UPDATE products SET source = %s WHERE id = %s"
_REPRICE = """
UPDATE products SET cost_minor = %s, cost_currency = %s, flags = %s, price_said = %s,
       vanished_at = NULL
 WHERE id = %s
"""
_RESTOCK = """
UPDATE products SET availability = %s, stock = %s, quantity_kind = %s, ships_in_days = %s,
       stated_at = CASE WHEN coalesce(%s::int, stated) IS DISTINCT FROM stated THEN %s
                        ELSE stated_at END,
       stated = coalesce(%s::int, stated), stock_said = %s, vanished_at = NULL
 WHERE id = %s
"""
_VANISH = "UPDATE products SET vanished_at = %s, vanished_said = %s WHERE id = %s"


async def lock(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Money | None]:
    """Lock these products, known or not yet; returns their costs as known until now."""
    wanted = sorted(ids)
    rows = await tx.fetch_all(_LOCK, (wanted,))
    if len(rows) < len(wanted):
        await tx.execute(_ADD, (wanted,))
        rows = await tx.fetch_all(_LOCK, (wanted,))
    return {id_: Money(minor, of) if minor is not None else None for id_, minor, of in rows}


async def note(tx: Transaction, noted: Sequence[Noted]) -> None:
    """Write one fact about each of these products, which are locked.

    A price or a stock was read from the supplier's page: whatever had vanished is back.
    """
    values: dict[str, list[tuple[Any, ...]]] = {}
    for one in noted:
        sql, row = _written(one)
        values.setdefault(sql, []).append((*row, one.product))
    for sql, rows in values.items():
        await tx.executemany(sql, rows)


def stated_by(fact: StockChanged) -> int | None:
    """The number that the supplier states; words for none state one, too."""
    if fact.new in NONE_LEFT:
        return 0
    return None if fact.quantity_kind is QuantityKind.assumed else fact.new_quantity


def _written(one: Noted) -> tuple[str, tuple[Any, ...]]:
    match one.fact:
        case ProductImported(source=source):
            return _SOURCE, (source,)
        case PriceChanged() as fact:
            cost = from_wire(fact.new) if fact.new is not None else None
            minor, currency = (cost.minor, cost.currency) if cost else (None, None)
            flags = msgspec.json.encode(fact.flags).decode()
            return _REPRICE, (minor, currency, flags, as_json(one.chain))
        case StockChanged() as fact:
            kind = fact.quantity_kind.value if fact.quantity_kind else None
            stock = (fact.new.value, fact.new_quantity, kind, fact.ships_in_days)
            stated = stated_by(fact)
            return _RESTOCK, (*stock, stated, fact.observed_at, stated, as_json(one.chain))
        case ProductVanished() as fact:
            return _VANISH, (fact.since, as_json(one.chain))
