"""The rounds that order what is due: orders to read, listings to compare, stores to try again.

A released command is due again when it would be too late, so one that is lost is not forgotten.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from dropship.contracts.listings import CheckListing
from dropship.contracts.messages import Command, Lane
from dropship.contracts.stores import OpenStore, PollOrders
from dropship.runtime.database import Database
from dropship.syncer.projections.stores import OPENED_WITHIN

AT_ONCE = 500
WORTH_S = 120.0
"""A poll or a check is worth nothing after this long."""
KEPT_DAYS = 30

# A poll was last released one interval before the next is due. A sale that was noticed since then
# must be told at once.
_POLLS = """
UPDATE store_accounts s SET poll_at = %(at)s + %(every)s
  FROM (SELECT id, poll_at FROM store_accounts
         WHERE id IN (SELECT id FROM store_accounts WHERE poll_at <= %(at)s
                      UNION SELECT s.id FROM listings l JOIN store_accounts s ON s.id = l.store_id
                             WHERE l.capped_at > s.poll_at - %(every)s)
           AND mode = 'live'
           AND (status = 'connected' OR (status = 'suspended' AND status_reason = 'breaker'))
         ORDER BY poll_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED) due
 WHERE s.id = due.id RETURNING s.id, s.tenant_id, s.marketplace, due.poll_at
"""
# Who is on time keeps its place in the period. Those that became late together, while their store
# or this service was away, are spread over a whole one again.
_CHECKS = """
UPDATE listings l SET check_at = CASE
         WHEN due.check_at > %(at)s - %(worth)s THEN due.check_at + %(every)s
         ELSE %(at)s + %(every)s * ((hashtext(l.id::text) & 1023) / 1024.0) END
  FROM (SELECT l.id, l.check_at FROM listings l JOIN store_accounts s ON s.id = l.store_id
         WHERE l.status IN ('Active', 'Paused') AND l.check_at <= %(at)s AND s.mode = 'live'
           AND (s.status = 'connected' OR (s.status = 'suspended' AND s.status_reason = 'breaker'))
         ORDER BY l.check_at LIMIT %(most)s FOR UPDATE OF l SKIP LOCKED) due
 WHERE l.id = due.id RETURNING l.id, l.tenant_id, l.marketplace, due.check_at
"""
_OPENS = """
UPDATE store_accounts SET open_again_at = %(lost_at)s, opens = opens + 1
 WHERE status = 'connecting' AND open_again_at <= %(at)s
RETURNING id, tenant_id, marketplace, opens
"""


class Releasing:
    """Orders what is due; `poll_every_s` and `check_every_s` are the operator's."""

    def __init__(self, poll_every_s: float, check_every_s: float) -> None:
        self._poll_every = timedelta(seconds=poll_every_s)
        self._check_every = timedelta(seconds=check_every_s)

    async def release_polls(self, database: Database) -> None:
        """Order a reading of the orders of each live store that is due."""

        def poll(id_: UUID, late: datetime) -> PollOrders:
            return PollOrders(store_id=str(id_), not_after=late)

        await _release(database, _POLLS, self._poll_every, poll, "poll", lane="soon")

    async def release_checks(self, database: Database) -> None:
        """Order a comparison of each listing on the marketplace that is due."""

        def check(id_: UUID, late: datetime) -> CheckListing:
            return CheckListing(listing_id=str(id_), not_after=late)

        await _release(database, _CHECKS, self._check_every, check, "check", lane="later")


async def _release(
    database: Database,
    take_due: str,
    every: timedelta,
    order: Callable[[UUID, datetime], Command],
    name: str,
    *,
    lane: Lane,
) -> None:
    """Order what is due, and say when it is due again."""
    async with database.transaction() as tx:
        worth = timedelta(seconds=WORTH_S)
        values = {"at": tx.at, "every": every, "worth": worth, "most": AT_ONCE}
        rows = await tx.fetch_all(take_due, values)
        for id_, tenant, marketplace, due in rows:
            tx.order(
                order(id_, tx.at + worth),
                plugin=marketplace,
                lane=lane,
                command_id=uuid5(id_, f"{name}/{due.isoformat()}"),
                tenant=tenant,
            )


async def reopen_stores(database: Database) -> None:
    """Try those stores again whose marketplace was ill when they were connected, or of whose last
    try nothing was heard.
    """
    async with database.transaction() as tx:
        values = {"at": tx.at, "lost_at": tx.at + OPENED_WITHIN}
        for id_, tenant, marketplace, opens in await tx.fetch_all(_OPENS, values):
            tx.order(
                OpenStore(store_id=str(id_)),
                plugin=marketplace,
                lane="now",
                command_id=uuid5(id_, f"open/{opens}"),
                tenant=tenant,
            )


async def tidy(database: Database) -> None:
    """Forget calls and moves that nobody will ask about any more."""
    async with database.transaction() as tx:
        before = tx.at - timedelta(days=KEPT_DAYS)
        await tx.execute("DELETE FROM intents WHERE finished_at < %s", (before,))
        await tx.execute("DELETE FROM moves WHERE at < %s", (before,))
