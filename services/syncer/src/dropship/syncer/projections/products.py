"""The rows of `products_known`: what the tracker last said of products, and the newest looks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.availability import Availability
from dropship.pricing.money import Money
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.facts import Product, Reading
from dropship.syncer.projections.amounts import money_of


class Known(Struct):
    """A locked product: what it is, and what a listing of it rests on."""

    id: UUID
    title: str | None
    images: tuple[str, ...]
    product: Product


_COLUMNS = (
    "product_id, title, images, cost_minor, cost_currency, availability, vanished, read_at,"
    " read_cost_minor, read_cost_currency, read_availability"
)

_WANT = f"""
INSERT INTO products_known AS p (product_id)
SELECT w.id FROM unnest(%s::uuid[]) w(id) ORDER BY w.id
    ON CONFLICT (product_id) DO UPDATE SET product_id = p.product_id
RETURNING {_COLUMNS}
"""  # noqa: S608 - fixed column names

_ONE = f"SELECT {_COLUMNS} FROM products_known WHERE product_id = %s"  # noqa: S608

_WRITE = """
UPDATE products_known SET title = %(title)s, images = %(images)s, cost_minor = %(cost_minor)s,
  cost_currency = %(cost_currency)s, availability = %(availability)s, vanished = %(vanished)s,
  read_at = %(read_at)s, read_cost_minor = %(read_cost_minor)s,
  read_cost_currency = %(read_cost_currency)s, read_availability = %(read_availability)s
WHERE product_id = %(id)s
"""


async def want(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Lock these products in the order of their ids, and create the rows that are missing."""
    rows = await tx.fetch_all(_WANT, (sorted(set(ids)),))
    return {row[0]: _known(row) for row in rows}


async def read(tx: Transaction, id_: UUID) -> Known | None:
    """What is known of one product, without a lock."""
    row = await tx.fetch_one(_ONE, (id_,))
    return _known(row) if row else None


async def write(tx: Transaction, changed: Sequence[Known]) -> None:
    """Write these products back as they are now."""
    if changed:
        await tx.executemany(_WRITE, [_values(known) for known in changed])


def _known(row: Sequence[Any]) -> Known:
    id_, title, images, cost, currency, availability, vanished, *looked = row
    read_at, read_cost, read_currency, read_availability = looked
    look = None
    if read_at is not None:
        look = Reading(read_at, money_of(read_cost, read_currency), _word(read_availability))
    product = Product(money_of(cost, currency), _word(availability), vanished, look)
    return Known(id_, title, tuple(images), product)


def _word(availability: str | None) -> Availability | None:
    return Availability(availability) if availability else None


def _values(known: Known) -> Mapping[str, Any]:
    product, look = known.product, known.product.reading
    return {
        "id": known.id,
        "title": known.title,
        "images": msgspec.json.encode(known.images).decode(),
        "vanished": product.vanished,
        "read_at": look.at if look else None,
        **_amount("cost", product.cost),
        **_amount("read_cost", look.cost if look else None),
        "availability": product.availability.value if product.availability else None,
        "read_availability": look.availability.value if look and look.availability else None,
    }


def _amount(name: str, amount: Money | None) -> dict[str, Any]:
    return {
        f"{name}_minor": amount.minor if amount else None,
        f"{name}_currency": amount.currency if amount else None,
    }
