"""The rows of `products`: locked, read as the domain's state, and written back in bulk."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import Flag
from dropship.pricing.money import Money
from dropship.runtime.journal import Transaction
from dropship.tracker.domain.observing import (
    Asked,
    Missing,
    Presence,
    Present,
    Seen,
    State,
    Vanished,
)
from dropship.tracker.domain.offers import Context, Description, Stock


class Known(Struct):
    """A locked product: its identity, its aggregate version and what is known of it."""

    id: UUID
    version: int
    source: str
    external_id: str
    variant: str
    state: State


class Wanted(Struct, frozen=True):
    """A product somebody asks for, known or not."""

    id: UUID
    source: str
    external_id: str
    variant: str


_COLUMNS = (
    "id, version, source, external_id, variant, title, price_minor, list_price_minor, currency,"
    " flags, availability, stock, stock_kind, ships_in_days, seller, rating, review_count, images,"
    " url, ship_to, locale, imported_at, last_seen_at, last_changed_at, missing_looks,"
    " missing_since, missing_last_at, vanished"
)

_LOCK = f"SELECT {_COLUMNS} FROM products WHERE id = ANY(%s) ORDER BY id FOR UPDATE"  # noqa: S608
_LOCK_FREE = _LOCK + " SKIP LOCKED"

_WANT = f"""
INSERT INTO products AS p (id, source, external_id, variant)
SELECT w.id, w.source, w.external_id, w.variant
  FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) w(id, source, external_id, variant)
 ORDER BY w.id
    ON CONFLICT (id) DO UPDATE SET version = p.version
RETURNING {_COLUMNS}
"""  # noqa: S608 - fixed column names

_SEE_AGAIN = """
UPDATE products p SET last_seen_at = u.at
  FROM unnest(%s::uuid[], %s::timestamptz[]) u(id, at) WHERE p.id = u.id
"""

_WRITE = """
UPDATE products p SET version = u.version, title = u.title, price_minor = u.price_minor,
       list_price_minor = u.list_price_minor, currency = u.currency, flags = u.flags::jsonb,
       availability = u.availability, stock = u.stock, stock_kind = u.stock_kind,
       ships_in_days = u.ships_in_days, seller = u.seller, rating = u.rating,
       review_count = u.review_count, images = u.images::jsonb, url = u.url, ship_to = u.ship_to,
       locale = u.locale, imported_at = u.imported_at, last_seen_at = u.last_seen_at,
       last_changed_at = u.last_changed_at, missing_looks = u.missing_looks,
       missing_since = u.missing_since, missing_last_at = u.missing_last_at, vanished = u.vanished
  FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
              %s::text[], %s::text[], %s::int[], %s::text[], %s::int[], %s::text[], %s::text[],
              %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
              %s::timestamptz[], %s::timestamptz[], %s::int[], %s::timestamptz[],
              %s::timestamptz[], %s::bool[])
    u(id, version, title, price_minor, list_price_minor, currency, flags, availability, stock,
      stock_kind, ships_in_days, seller, rating, review_count, images, url, ship_to, locale,
      imported_at, last_seen_at, last_changed_at, missing_looks, missing_since, missing_last_at,
      vanished)
 WHERE p.id = u.id
"""

_VERSIONS = """
UPDATE products p SET version = u.version
  FROM unnest(%s::uuid[], %s::bigint[]) u(id, version) WHERE p.id = u.id
"""

_FAILURES = """
UPDATE products p SET last_failure = u.reason, last_failed_at = u.at
  FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) u(id, reason, at)
 WHERE p.id = u.id AND (p.last_failed_at IS NULL OR p.last_failed_at < u.at)
"""


async def lock(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Lock these products in the order of their ids, and read them. Unknown ones are left out."""
    return _by_id(await tx.fetch_all(_LOCK, (sorted(set(ids)),)))


async def lock_free(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """As `lock`, but leaves out what another transaction holds: for rounds, which come again."""
    return _by_id(await tx.fetch_all(_LOCK_FREE, (sorted(set(ids)),)))


async def want(tx: Transaction, wanted: Iterable[Wanted]) -> dict[UUID, Known]:
    """Lock these products in the order of their ids, and create the rows that are missing."""
    ways = {product.id: product for product in wanted}
    rows = await tx.fetch_all(
        _WANT,
        (
            list(ways),
            [product.source for product in ways.values()],
            [product.external_id for product in ways.values()],
            [product.variant for product in ways.values()],
        ),
    )
    return _by_id(rows)


async def write(tx: Transaction, before: dict[UUID, Known], after: Iterable[Known]) -> None:
    """Write what differs. Most looks find nothing new, and cost one narrow update."""
    changed: list[Known] = []
    seen_again: list[tuple[UUID, datetime]] = []
    for product in after:
        old = before[product.id]
        if product.version != old.version or not _seen_again(old.state, product.state):
            changed.append(product)
        elif isinstance(product.state, Seen) and product.state != old.state:
            seen_again.append((product.id, product.state.last_seen_at))
    if seen_again:
        await tx.execute(_SEE_AGAIN, tuple(map(list, zip(*seen_again, strict=True))))
    await _write_seen(tx, [p for p in changed if isinstance(p.state, Seen)])
    await write_versions(tx, [p for p in changed if isinstance(p.state, Asked)])


def _seen_again(old: State, new: State) -> bool:
    if isinstance(old, Seen) and isinstance(new, Seen):
        return replace(new, last_seen_at=old.last_seen_at) == old
    return old == new


async def _write_seen(tx: Transaction, products: Sequence[Known]) -> None:
    rows = [_values(p.id, p.version, p.state) for p in products if isinstance(p.state, Seen)]
    if rows:
        await tx.execute(_WRITE, tuple(map(list, zip(*rows, strict=True))))


async def write_versions(tx: Transaction, products: Iterable[Known]) -> None:
    """Write how many facts have been told of these products."""
    versions = {product.id: product.version for product in products}
    if versions:
        await tx.execute(_VERSIONS, (list(versions), list(versions.values())))


async def note_failures(tx: Transaction, failures: dict[UUID, tuple[str, datetime]]) -> None:
    """Remember the last failed look of each product, for whoever wonders why it is old."""
    if failures:
        reasons, times = zip(*failures.values(), strict=True)
        await tx.execute(_FAILURES, (list(failures), list(reasons), list(times)))


def _by_id(rows: list[tuple[Any, ...]]) -> dict[UUID, Known]:
    return {
        id_: Known(id_, version, source, external_id, variant, state_of(known))
        for id_, version, source, external_id, variant, *known in rows
    }


def state_of(row: Sequence[Any]) -> State:
    """The domain's state from the columns after the identity, in the order of `_COLUMNS`."""
    title, price, list_price, currency, flags, availability, stock, stock_kind, ships = row[:9]
    seller, rating, review_count, images, url, ship_to, locale = row[9:16]
    imported_at, last_seen_at, last_changed_at, *missing = row[16:]
    if imported_at is None:
        return Asked()
    return Seen(
        description=Description(title, tuple(images), url, seller),
        price=Money(price, currency) if price is not None else None,
        list_price=Money(list_price, currency) if list_price is not None else None,
        flags=tuple(Flag(flag) for flag in flags),
        stock=_stock_of(availability, stock, stock_kind, ships),
        rating=rating,
        review_count=review_count,
        context=Context(ship_to, locale, currency),
        imported_at=imported_at,
        last_seen_at=last_seen_at,
        last_changed_at=last_changed_at,
        presence=_presence_of(*missing),
    )


def _stock_of(
    availability: str | None, quantity: int | None, kind: str | None, ships_in_days: int | None
) -> Stock | None:
    if availability is None:
        return None
    return Stock(
        Availability(availability),
        quantity,
        QuantityKind(kind) if kind is not None else None,
        ships_in_days,
    )


def _presence_of(
    looks: int, since: datetime | None, last_at: datetime | None, vanished: bool
) -> Presence:
    if since is None or last_at is None:
        return Present()
    return Vanished(since) if vanished else Missing(looks, since, last_at)


def _values(id_: UUID, version: int, seen: Seen) -> tuple[Any, ...]:
    stock = seen.stock
    return (
        id_,
        version,
        seen.description.title,
        seen.price.minor if seen.price else None,
        seen.list_price.minor if seen.list_price else None,
        seen.context.currency,
        as_json(seen.flags),
        stock.availability.value if stock else None,
        stock.quantity if stock else None,
        stock.quantity_kind.value if stock and stock.quantity_kind else None,
        stock.ships_in_days if stock else None,
        seen.description.seller,
        seen.rating,
        seen.review_count,
        as_json(seen.description.images),
        seen.description.url,
        seen.context.ship_to,
        seen.context.locale,
        seen.imported_at,
        seen.last_seen_at,
        seen.last_changed_at,
        *_presence_values(seen.presence),
    )


def _presence_values(presence: Presence) -> tuple[int, datetime | None, datetime | None, bool]:
    match presence:
        case Present():
            return 0, None, None, False
        case Missing(looks=looks, since=since, last_at=last_at):
            return looks, since, last_at, False
        case Vanished(since=since):
            return 0, since, since, True


def as_json(words: Sequence[str]) -> str:
    """A list of texts as a JSON parameter."""
    return msgspec.json.encode(words).decode()
