"""The round that releases due checks, within what each supplier bears in the next minute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from dropship.contracts.ids import plugin_of
from dropship.contracts.offers import ScrapeProduct
from dropship.runtime.database import Database
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.domain.checking import not_after, promise, releasable

MOST_AT_ONCE = 1000
"""How many checks one transaction releases; the rest is due again a round later."""

_SOURCES = """
WITH RECURSIVE s AS (
  SELECT min(source) AS source FROM checks
  UNION ALL
  SELECT (SELECT min(source) FROM checks WHERE source > s.source) FROM s WHERE s.source IS NOT NULL)
SELECT s.source FROM s
 WHERE EXISTS (SELECT 1 FROM checks c WHERE c.source = s.source AND c.next_check_at <= %s)
"""

_BUDGET = """
INSERT INTO turns (source) VALUES (%s) ON CONFLICT (source) DO UPDATE SET source = excluded.source
RETURNING promised_until,
  (SELECT looks_per_minute FROM suppliers_known WHERE plugin = %s),
  (SELECT count(*) FROM looks l WHERE l.source = turns.source)
"""

_TAKE = """
UPDATE checks c SET asked_at = %s, next_check_at = %s
  FROM (SELECT d.product_id, d.next_check_at FROM checks d
         WHERE d.source = %s AND d.next_check_at <= %s
           AND NOT EXISTS (SELECT 1 FROM looks l WHERE l.product_id = d.product_id)
         ORDER BY d.next_check_at LIMIT %s FOR UPDATE SKIP LOCKED) due
  JOIN products p ON p.id = due.product_id
 WHERE c.product_id = due.product_id
RETURNING p.id, p.external_id, p.variant, due.next_check_at
"""


async def release_checks(database: Database) -> None:
    """Order a look at every product that is due, as far as its source's budget reaches.

    A released check is due again when it would be too late, so one that is lost is not forgotten;
    a product that an import is having looked at is left out.
    """
    for (source,) in await database.fetch_all(_SOURCES, (database.clock.now(),)):
        async with database.transaction() as tx:
            await _release(tx, source)


async def _release(tx: Transaction, source: str) -> None:
    row = await tx.fetch_one(_BUDGET, (source, plugin_of(source)))
    promised_until, looks_per_minute, imports = row or (None, None, 0)
    if not looks_per_minute:
        return
    allowed = releasable(looks_per_minute, promised_until=promised_until, at=tx.at, imports=imports)
    if allowed == 0:
        return
    late = not_after(tx.at)
    due = await tx.fetch_all(_TAKE, (tx.at, late, source, tx.at, min(allowed, MOST_AT_ONCE)))
    _order(tx, source, due, late)
    until = promise(looks_per_minute, promised_until=promised_until, at=tx.at, looks=len(due))
    await tx.execute("UPDATE turns SET promised_until = %s WHERE source = %s", (until, source))


def _order(tx: Transaction, source: str, due: Sequence[tuple[Any, ...]], late: datetime) -> None:
    for id_, external_id, variant, due_at in due:
        command_id = check_id(id_, due_at)
        tx.order(
            ScrapeProduct(
                product_id=str(id_),
                source=source,
                external_id=external_id,
                variant=variant,
                not_after=late,
            ),
            plugin=plugin_of(source),
            lane="later",
            command_id=command_id,
            cause=Cause(tx.cause.id, str(command_id)),
        )


def check_id(product: UUID, due_at: datetime) -> UUID:
    """The id of the check that was due then: two rounds that see the same row order it once."""
    return uuid5(product, f"check/{due_at.isoformat()}")
