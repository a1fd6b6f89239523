"""The rounds that mind listings: leases that ran out, calls that are due again, commands that got
lost. They need nothing but the syncer's own rows, so they work with every other service dead.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.bringing import settle
from dropship.syncer.domain.lease import expire
from dropship.syncer.domain.listing import Listing
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import listings

AT_ONCE = 200
"""How many listings one transaction takes; a round goes on while there are more."""
LOST_AFTER_S = 600
"""A BringListing that nobody has begun for so long is ordered again: a queue that long is ill, and
the one that comes second finds itself overtaken."""

_STALE = """
SELECT id FROM listings WHERE status = 'Active' AND fresh_until <= %s
   AND shown = 'live' AND quantity > 0 AND NOT own_holds @> '["stale"]'
 ORDER BY fresh_until LIMIT %s
"""
_DUE = """
SELECT id FROM listings WHERE bring_again_at <= %s AND bringing IS NULL
 ORDER BY bring_again_at LIMIT %s
"""
_LOST = """
SELECT id FROM listings l WHERE bringing_since <= %s AND bringing IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM done_commands d
                    WHERE d.natural_key = 'listing:' || l.id AND d.state = 'doing')
 ORDER BY bringing_since LIMIT %s
"""


async def expire_leases(database: Database) -> None:
    """Hold every listing that sells on a lease that has run out."""
    await _each(database, _STALE, 0, expire)


async def order_due_brings(database: Database) -> None:
    """Order what was put off: by an ill marketplace, or because its store has changed."""
    await _each(database, _DUE, 0, _again)


async def recover_brings(database: Database) -> None:
    """Order anew what must have got lost on its way to a worker."""
    await _each(database, _LOST, LOST_AFTER_S, _recovered)


def _again(listing: Listing, at: datetime) -> Listing:
    return replace(listing, bring_again_at=None)


def _recovered(listing: Listing, at: datetime) -> Listing:
    return replace(listing, bringing=None)


async def _each(
    database: Database,
    query: str,
    since_s: float,
    change: Callable[[Listing, datetime], Listing],
) -> None:
    more = True
    while more:
        async with database.transaction() as tx:
            more = await _batch(tx, query, since_s, change)


async def _batch(
    tx: Transaction, query: str, since_s: float, change: Callable[[Listing, datetime], Listing]
) -> bool:
    """Change and settle the listings that a query finds; whether there may be more.

    Each query leaves out what its change has been made to, so a round comes to an end.
    """
    rows = await tx.fetch_all(query, (tx.at - timedelta(seconds=since_s), AT_ONCE))
    voice = Voice(tx, await listings.lock_free(tx, [row[0] for row in rows]))
    for known in voice.known.values():
        changed = change(known.listing, tx.at)
        if changed != known.listing:
            voice.apply(known, settle(changed, known.standing, tx.at))
    await voice.keep()
    return len(voice.known) == AT_ONCE
