"""The rows of `watches`, and the due table that follows from them.

Every function here expects the product's row to be locked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dropship.runtime.journal import Transaction


class Watch(Struct, frozen=True):
    """A tenant's tie to a product, and the job that made it."""

    tenant_id: str
    product_id: UUID
    created_by_job: str


class Planned(Struct, frozen=True):
    """How often a product is checked, when next, and how many looks in a row have failed."""

    every_s: int
    attempts: int
    next_at: datetime | None


_ADD = """
INSERT INTO watches (tenant_id, product_id, check_every_s, created_by_job, created_at)
SELECT u.tenant, u.product, %s, u.job, %s
  FROM unnest(%s::text[], %s::uuid[], %s::text[]) WITH ORDINALITY u(tenant, product, job, n)
 ORDER BY u.n
    ON CONFLICT (tenant_id, product_id) DO NOTHING
RETURNING tenant_id, product_id
"""

_PLAN = """
INSERT INTO checks AS c (product_id, source, every_s, next_check_at)
SELECT p.id, p.source, w.every_s,
       CASE WHEN p.imported_at IS NOT NULL THEN %s + make_interval(secs => w.every_s) END
  FROM products p
  JOIN (SELECT product_id, min(check_every_s) AS every_s FROM watches
         WHERE product_id = ANY(%s) GROUP BY product_id) w ON w.product_id = p.id
    ON CONFLICT (product_id) DO UPDATE SET every_s = excluded.every_s,
       next_check_at = least(c.next_check_at, excluded.next_check_at)
 WHERE c.every_s <> excluded.every_s
"""

_ANSWERED = """
UPDATE checks c SET next_check_at = u.next, attempts = u.attempts
  FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[]) u(product, next, attempts)
 WHERE c.product_id = u.product
"""


async def add(
    tx: Transaction, watches: Sequence[Watch], check_every_s: int
) -> set[tuple[str, UUID]]:
    """Add the watches that are new, and return which those are."""
    rows = await tx.fetch_all(
        _ADD,
        (
            check_every_s,
            tx.at,
            [watch.tenant_id for watch in watches],
            [watch.product_id for watch in watches],
            [watch.created_by_job for watch in watches],
        ),
    )
    return {(tenant, product) for tenant, product in rows}


async def remove(tx: Transaction, tenant: str, product: UUID) -> bool:
    """Remove one watch; False where there was none."""
    cursor = await tx.execute(
        "DELETE FROM watches WHERE tenant_id = %s AND product_id = %s", (tenant, product)
    )
    return cursor.rowcount > 0


async def made_by(tx: Transaction, tenant: str, product: UUID) -> str | None:
    """The job that made a watch."""
    row = await tx.fetch_one(
        "SELECT created_by_job FROM watches WHERE tenant_id = %s AND product_id = %s",
        (tenant, product),
    )
    return row[0] if row else None


async def hand_over(tx: Transaction, tenant: str, product: UUID, job: str) -> None:
    """The job that made the watch is gone, but another one of the tenant's still wants it."""
    await tx.execute(
        "UPDATE watches SET created_by_job = %s WHERE tenant_id = %s AND product_id = %s",
        (job, tenant, product),
    )


async def plan(tx: Transaction, products: Sequence[UUID]) -> None:
    """Make the due table follow the shortest interval any watcher chose.

    A product that has not been imported is planned but not due; its first look makes it so.
    """
    await tx.execute(_PLAN, (tx.at, list(products)))


async def unplan_unwatched(tx: Transaction, product: UUID) -> bool:
    """Stop checking a product that nobody watches any more; False where somebody does."""
    cursor = await tx.execute(
        "DELETE FROM checks WHERE product_id = %s"
        " AND NOT EXISTS (SELECT 1 FROM watches WHERE product_id = %s)",
        (product, product),
    )
    return cursor.rowcount > 0


async def planned(tx: Transaction, products: Iterable[UUID]) -> dict[UUID, Planned]:
    """How these products are checked; unwatched ones are left out."""
    rows = await tx.fetch_all(
        "SELECT product_id, every_s, attempts, next_check_at FROM checks"
        " WHERE product_id = ANY(%s)",
        (list(products),),
    )
    return {row[0]: Planned(*row[1:]) for row in rows}


async def answered(tx: Transaction, plans: dict[UUID, Planned]) -> None:
    """Write when these products are looked at next."""
    if plans:
        await tx.execute(
            _ANSWERED,
            (
                list(plans),
                [plan.next_at for plan in plans.values()],
                [plan.attempts for plan in plans.values()],
            ),
        )


async def amend(
    tx: Transaction,
    tenant: str,
    product: UUID,
    *,
    relabel: bool,
    label: str | None,
    check_every_s: int | None,
) -> bool:
    """Change a tenant's notes: the label only with `relabel`, the interval only where given."""
    cursor = await tx.execute(
        "UPDATE watches SET label = CASE WHEN %s THEN %s ELSE label END,"
        " check_every_s = coalesce(%s, check_every_s) WHERE tenant_id = %s AND product_id = %s",
        (relabel, label, check_every_s, tenant, product),
    )
    return cursor.rowcount > 0
