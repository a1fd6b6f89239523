"""The pace of each source, kept in one row that all replicas share.

Time is the database's: replicas whose clocks differ still keep one budget together.
"""

from dataclasses import dataclass
from datetime import timedelta

from dropship.contracts.suppliers import SupplierResumed, SupplierSuspended
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.scraper.domain.pacing import REST_S, rest_s
from dropship.scraper.domain.reading import PageKind

BURST_S = 5.0
"""So many seconds' worth of looks may come at once after a quiet time."""

PROBE_S = 30.0
"""How long a single look at a suspended source keeps the others away."""

_TAKE = """
INSERT INTO budgets AS b (source, next_at)
VALUES (%(source)s, now() + %(every)s)
ON CONFLICT (source) DO UPDATE SET
  next_at = CASE WHEN b.suspended_until > now() THEN b.next_at
                 ELSE greatest(b.next_at, now()) + %(every)s END,
  suspended_until = CASE WHEN b.suspended_until <= now() THEN now() + %(probe)s
                         ELSE b.suspended_until END
RETURNING extract(epoch FROM b.next_at - %(every)s - now()),
          extract(epoch FROM b.suspended_until - now()),
          b.suspended_until = now() + %(probe)s
"""

_BLOCKED = """
INSERT INTO budgets AS b (source, next_at, blocks) VALUES (%s, now(), 1)
ON CONFLICT (source) DO UPDATE SET blocks = b.blocks + 1
RETURNING blocks, suspended_until IS NOT NULL
"""

_SUSPEND = """
UPDATE budgets SET suspended_until = now() + %s, version = version + 1 WHERE source = %s
RETURNING suspended_until, version
"""

_RESUME = """
UPDATE budgets SET blocks = 0, suspended_until = NULL, version = version + 1 WHERE source = %s
RETURNING version
"""


@dataclass(frozen=True)
class Turn:
    """When a look may be made: `wait_s` from now, or not before a suspension ends."""

    wait_s: float
    suspended_s: float | None = None


async def take_turn(database: Database, source: str, looks_per_minute: int) -> Turn:
    """Take the next free turn of a source (GCRA), in one statement. It is used up by taking it.

    A suspended source gives no turn; once its time has passed it gives a single one, as a probe.
    """
    every = timedelta(seconds=60 / looks_per_minute)
    ((wait_s, suspended_s, is_probe),) = await database.fetch_all(
        _TAKE, {"source": source, "every": every, "probe": timedelta(seconds=PROBE_S)}
    )
    if suspended_s is not None and not is_probe:
        return Turn(0.0, float(suspended_s))
    burst_s = max(BURST_S - every.total_seconds(), 0.0)
    return Turn(0.0 if is_probe else max(float(wait_s) - burst_s, 0.0))


async def suspension_s(database: Database, source: str) -> float | None:
    """For how long a source is still to be left alone, or None."""
    row = await database.fetch_one(
        "SELECT extract(epoch FROM suspended_until - now()) FROM budgets"
        " WHERE source = %s AND suspended_until > now()",
        (source,),
    )
    return float(row[0]) if row is not None else None


async def blocked(
    tx: Transaction,
    source: str,
    kind: PageKind,
    retry_after_s: float | None,
    first_rest_s: float = REST_S,
) -> float | None:
    """Note a block; suspend the source if it was one too many, and say so unless it is known.

    Returns for how long it is left alone, or None.
    """
    ((blocks, was_suspended),) = await tx.fetch_all(_BLOCKED, (source,))
    rest = rest_s(kind, blocks, retry_after_s, first_rest_s)
    if rest is None:
        return PROBE_S if was_suspended else None
    ((until, version),) = await tx.fetch_all(_SUSPEND, (timedelta(seconds=rest), source))
    if not was_suspended:
        tx.say(
            SupplierSuspended(source=source, reason=str(kind), until=until),
            about=f"supplier:{source}",
            version=version,
            tenant=None,
        )
    return rest


async def answered(tx: Transaction, source: str) -> None:
    """Note that a source answers again; nothing is written where it always has."""
    row = await tx.fetch_one(
        "SELECT suspended_until IS NOT NULL FROM budgets"
        " WHERE source = %s AND (blocks > 0 OR suspended_until IS NOT NULL) FOR UPDATE",
        (source,),
    )
    if row is None:
        return
    ((version,),) = await tx.fetch_all(_RESUME, (source,))
    if row[0]:
        tx.say(
            SupplierResumed(source=source),
            about=f"supplier:{source}",
            version=version,
            tenant=None,
        )
