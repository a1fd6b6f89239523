"""The rounds that mind listings: leases that ran out, calls that are due again, commands that got
lost. They need nothing but the syncer's own rows, so they work with every other service dead.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from dropship.runtime import claims
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.syncer.domain import capping
from dropship.syncer.domain.bringing import settle
from dropship.syncer.domain.lease import expire
from dropship.syncer.domain.listing import Listing
from dropship.syncer.domain.outcomes import in_doubt
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import intents, listings, stores
from dropship.syncer.tables import NOT_OVER

ABANDONED_AFTER_S = 600
"""A BringListing that was begun, and whose outcome could have been known for so long, will not come
again: the queue hands one out anew 12 s after its worker fell silent, or when its outcome can be
known. Should it come all the same, it finds itself at its end, and so does a worker that wakes."""
AT_ONCE = 200
"""How many listings one transaction takes; a round goes on while there are more."""
LOST_AFTER_S = 600
"""A BringListing that nobody has begun for so long is ordered again: a queue that long is ill, and
the one that comes second finds itself overtaken."""
_log = get_logger()

_STALE = f"""
SELECT id FROM listings WHERE fresh_until <= %s AND shown = 'live' AND quantity > 0
   AND {NOT_OVER} AND NOT own_holds @> '["stale"]'
 ORDER BY fresh_until LIMIT %s
"""  # noqa: S608
_DUE = """
SELECT id FROM listings WHERE bring_again_at <= %s AND bringing IS NULL
 ORDER BY bring_again_at LIMIT %s
"""
_ABANDONED = """
SELECT l.id FROM done_commands d JOIN listings l ON l.id = substr(d.natural_key, 9)::uuid
 WHERE d.name = 'BringListing' AND d.state = 'doing' AND d.settle_at <= %s
 ORDER BY d.settle_at LIMIT %s
"""
_CAPPED = """
SELECT l.id, s.polled_at,
       (SELECT max(o.received_at) FROM order_lines i JOIN orders o ON o.id = i.order_id
         WHERE i.listing_id = l.id AND o.received_at >= l.capped_at - %s)
  FROM listings l JOIN store_accounts s ON s.id = l.store_id
 WHERE l.capped_at IS NOT NULL AND l.capped_at <= s.polled_at
 ORDER BY l.capped_at LIMIT %s
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
    """Order what was put off: by an ill marketplace, because its store has changed, or until a sale
    was decided upon.
    """
    await _lift_caps(database)
    await _look_anew(database)
    await _each(database, _DUE, 0, _again)


async def recover_brings(database: Database) -> None:
    """Order anew what must have got lost on its way to a worker, or with it."""
    for id_ in await _abandoned(database):
        await _give_up(database, id_)
    await _each(database, _LOST, LOST_AFTER_S, _recovered)


async def _look_anew(database: Database) -> None:
    more = True
    while more:
        async with database.transaction() as tx:
            more = await stores.bring_some(tx, AT_ONCE)


async def _lift_caps(database: Database) -> None:
    told_since = timedelta(seconds=capping.DECIDED_WITHIN_S)
    async with database.transaction() as tx:
        rows = await tx.fetch_all(_CAPPED, (told_since, AT_ONCE))
        known_of = {id_: (polled_at, sold_at) for id_, polled_at, sold_at in rows}
        voice = Voice(tx, await listings.lock_free(tx, known_of))
        for known in voice.known.values():
            polled_at, sold_at = known_of[known.id]
            lifted = capping.lifted(known.listing, polled_at, sold_at, tx.at)
            if lifted != known.listing:
                voice.apply(known, settle(lifted, known.standing, tx.at))
        await voice.keep()


async def _abandoned(database: Database) -> list[UUID]:
    """The listings whose call began, and about whose outcome nobody has come to ask."""
    async with database.transaction() as tx:
        before = tx.at - timedelta(seconds=ABANDONED_AFTER_S)
        return [row[0] for row in await tx.fetch_all(_ABANDONED, (before, AT_ONCE))]


async def _give_up(database: Database, listing: UUID) -> None:
    """End the command. Nobody knows what came of it, so the listing is looked at before the next.

    One transaction each, and the command's row before the listing's, as in every outcome.
    """
    async with database.transaction() as tx:
        before = tx.at - timedelta(seconds=ABANDONED_AFTER_S)
        command = await claims.abandon(tx, f"listing:{listing}", before)
        known = await listings.lock_one(tx, listing) if command else None
        if command is None or known is None:
            return
        voice = Voice(tx, {known.id: known})
        why = "its command got lost"
        voice.apply(known, in_doubt(known.listing, str(command), why, known.standing, tx.at))
        await voice.keep()
        await intents.close(tx, command, intents.IN_DOUBT)
        _log.warning("bring_abandoned", listing_id=str(listing), command_id=str(command))


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
