"""The rows of `pending_imports` and `looks`: who waits for a product, and for which look.

Every function here expects the product's row to be locked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.domain.importing import Look
from dropship.tracker.projections.products import Wanted


class Pending(Struct, frozen=True):
    """One import that has not ended. `cause` is its request: its end is said in that history."""

    job_id: str
    product_id: UUID
    tenant_id: str
    source: str
    cause: Cause
    deadline_at: datetime | None = None


class Load(Struct, frozen=True):
    """How busy a source is with imports. `looks_per_minute` is None where nobody registered it."""

    looks_per_minute: int | None
    outstanding: int
    backlog: bool
    last_tenant: str | None


_PENDING = "job_id, product_id, tenant_id, source, cause, deadline_at"

_ADD = """
INSERT INTO pending_imports
       (job_id, product_id, tenant_id, source, cause, requested_at, deadline_at)
SELECT u.job, u.product, u.tenant, u.source, u.cause,
       %s::timestamptz + u.n * interval '1 us', u.deadline
  FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
       WITH ORDINALITY u(job, product, tenant, source, cause, deadline, n)
    ON CONFLICT (job_id) DO NOTHING
"""

_LOADS = """
SELECT s.source, k.looks_per_minute, (SELECT count(*) FROM looks l WHERE l.source = s.source),
       EXISTS (SELECT 1 FROM pending_imports p WHERE p.source = s.source AND p.deadline_at IS NULL),
       t.last_tenant
  FROM unnest(%s::text[]) s(source)
  LEFT JOIN turns t ON t.source = s.source
  LEFT JOIN suppliers_known k ON k.plugin = split_part(s.source, '-', 1)
"""

_END_ALL = f"""
WITH answered AS (DELETE FROM looks WHERE product_id = ANY(%s))
DELETE FROM pending_imports WHERE product_id = ANY(%s) RETURNING {_PENDING}
"""  # noqa: S608 - fixed column names

_PUT_LOOKS = """
INSERT INTO looks AS l (product_id, source, command_id, job_id, asked_at, asks)
SELECT u.product, u.source, u.command, u.job, %s, u.asks
  FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::int[])
       u(product, source, command, job, asks)
    ON CONFLICT (product_id) DO UPDATE SET command_id = excluded.command_id,
       job_id = excluded.job_id, asked_at = excluded.asked_at, asks = excluded.asks
"""


async def add(tx: Transaction, pending: Sequence[Pending]) -> None:
    """Remember imports; one that is remembered already stays as it is."""
    await tx.execute(
        _ADD,
        (
            tx.at,
            [one.job_id for one in pending],
            [one.product_id for one in pending],
            [one.tenant_id for one in pending],
            [one.source for one in pending],
            [msgspec.json.encode(one.cause) for one in pending],
            [one.deadline_at for one in pending],
        ),
    )


async def of_products(tx: Transaction, products: Iterable[UUID]) -> list[Pending]:
    """Who waits for these products, oldest first."""
    rows = await tx.fetch_all(
        f"SELECT {_PENDING} FROM pending_imports WHERE product_id = ANY(%s)"  # noqa: S608
        " ORDER BY requested_at, job_id",
        (list(products),),
    )
    return [_pending(row) for row in rows]


async def products_of(tx: Transaction, jobs: Sequence[str]) -> list[Wanted]:
    """Which products these imports wait for; asked before any lock is held."""
    rows = await tx.fetch_all(
        "SELECT DISTINCT p.id, p.source, p.external_id, p.variant FROM products p"
        " JOIN pending_imports i ON i.product_id = p.id WHERE i.job_id = ANY(%s)",
        (list(jobs),),
    )
    return [Wanted(*row) for row in rows]


async def end(tx: Transaction, jobs: Iterable[str]) -> list[Pending]:
    """Take imports off the list. Each is returned to exactly one caller, ever."""
    rows = await tx.fetch_all(
        f"DELETE FROM pending_imports WHERE job_id = ANY(%s) RETURNING {_PENDING}",  # noqa: S608
        (list(jobs),),
    )
    return [_pending(row) for row in rows]


async def end_all(tx: Transaction, products: Iterable[UUID]) -> list[Pending]:
    """Take all imports of these products off the list, and their looks with them."""
    ids = list(products)
    return [_pending(row) for row in await tx.fetch_all(_END_ALL, (ids, ids))]


async def set_deadline(tx: Transaction, products: Iterable[UUID], deadline: datetime) -> None:
    """Start the clock of the imports whose products are being looked at from now on."""
    await tx.execute(
        "UPDATE pending_imports SET deadline_at = %s"
        " WHERE product_id = ANY(%s) AND deadline_at IS NULL",
        (deadline, list(products)),
    )


async def loads(tx: Transaction, sources: Iterable[str]) -> dict[str, Load]:
    """How busy these sources are. Not locked: two replicas may overshoot by a batch."""
    rows = await tx.fetch_all(_LOADS, (sorted(set(sources)),))
    return {row[0]: Load(*row[1:]) for row in rows}


async def looks_at(tx: Transaction, products: Iterable[UUID]) -> dict[UUID, Look]:
    """The outstanding looks at these products."""
    rows = await tx.fetch_all(
        "SELECT product_id, command_id, job_id, asked_at, asks FROM looks"
        " WHERE product_id = ANY(%s)",
        (list(products),),
    )
    return {row[0]: Look(*row[1:]) for row in rows}


async def put_looks(tx: Transaction, looks: Sequence[tuple[UUID, str, Look]]) -> None:
    """Remember looks asked for now, in place of older ones at the same products."""
    if looks:
        products, sources, asked = zip(*looks, strict=True)
        await tx.execute(
            _PUT_LOOKS,
            (
                tx.at,
                list(products),
                list(sources),
                [look.command_id for look in asked],
                [look.job_id for look in asked],
                [look.asks for look in asked],
            ),
        )


async def forget_looks(tx: Transaction, products: Iterable[UUID]) -> None:
    """Nobody waits for these looks any more."""
    await tx.execute("DELETE FROM looks WHERE product_id = ANY(%s)", (list(products),))


async def served(tx: Transaction, source: str, tenant: str) -> None:
    """Remember whose turn it was, so that the next round goes on behind them."""
    await tx.execute(
        "INSERT INTO turns (source, last_tenant) VALUES (%s, %s)"
        " ON CONFLICT (source) DO UPDATE SET last_tenant = excluded.last_tenant",
        (source, tenant),
    )


def _pending(row: tuple[Any, ...]) -> Pending:
    job_id, product_id, tenant_id, source, cause, deadline_at = row
    history = msgspec.json.decode(cause, type=Cause)
    return Pending(job_id, product_id, tenant_id, source, history, deadline_at)
