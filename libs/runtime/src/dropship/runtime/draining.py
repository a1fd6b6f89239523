"""Products that a fact about no single product has marked due, taken up in their own order.

One that cannot be handled is put back for later and holds back nothing but itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import msgspec

from dropship.runtime import database as connections
from dropship.runtime.database import Database, stores_are_lost
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger

BATCH = 200
AGAIN_S = 30
ENOUGH = 1 / 3
"""The share of what a transaction may last after which the rest of a lot waits for the next one."""
_log = get_logger()
_TAKE = """
DELETE FROM due WHERE (key, reason) IN (
  SELECT key, reason FROM due WHERE part = ANY(%s) AND due_at <= now()
  ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING key, reason, part, cause
"""
_PUT_BACK = """
INSERT INTO due (key, reason, part, cause, due_at)
VALUES (%s, %s, %s, %s, now() + make_interval(secs => %s)) ON CONFLICT DO NOTHING
"""
Drain = Callable[[str, list[str], Transaction], Awaitable[None]]
Row = tuple[str, str, int, bytes]


async def drain_due(database: Database, led: Sequence[int], handler: Drain) -> None:
    """Take up what is due in the partitions that this replica leads, each product once.

    A lot that would outlast its transaction is cut short, or it would be undone and begun for ever.
    """
    enough_s = connections.TRANSACTION_S * ENOUGH
    async with database.transaction() as tx:
        began = perf_counter()
        rows: dict[str, list[Row]] = {}
        for row in await tx.fetch_all(_TAKE, (list(led), BATCH)):
            rows.setdefault(row[0], []).append(row)
        for key in sorted(rows):
            if perf_counter() - began > enough_s:
                await tx.executemany(_PUT_BACK, [(*row, 0) for row in rows[key]])
                continue
            tx.because(msgspec.json.decode(rows[key][-1][3], type=Cause))
            try:
                async with tx.savepoint():
                    await handler(key, sorted(reason for _, reason, _, _ in rows[key]), tx)
            except Exception as error:
                if stores_are_lost(error):
                    raise
                metrics.DUE_PUT_BACK.inc()
                _log.error("due_put_back", key=key, error=repr(error)[:300])
                await tx.executemany(_PUT_BACK, [(*row, AGAIN_S) for row in rows[key]])
