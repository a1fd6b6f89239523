"""Events that could not be handled, kept in order with those of the same key behind them.

`dropship dead retry` replays a key from its first parked event on; nothing of that key is handled
until then, because a price after a missed import would be nonsense. On OBSERVATIONS only the event
itself is parked: the next look says all there is to say.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry.logs import get_logger

_log = get_logger()


@dataclass(frozen=True)
class Parked:
    """One event set aside, exactly as it was stored."""

    part: int
    key: str
    seq: int
    id: str
    subject: str
    payload: bytes
    stored_at: datetime
    cause: str


Replay = Callable[[Parked, Transaction], Awaitable[None]]

_COLUMNS = "part, key, seq, id, subject, payload, stored_at, cause"


async def parked_keys(tx: Transaction, subscription: str, parts: list[int]) -> set[str]:
    """The keys that later events must queue behind."""
    if subscription != "EVENTS":
        return set()
    rows = await tx.fetch_all(
        "SELECT DISTINCT key FROM parked WHERE subscription = %s AND part = ANY(%s) AND key <> ''",
        (subscription, parts),
    )
    return {row[0] for row in rows}


async def park(tx: Transaction, subscription: str, events: Sequence[Parked]) -> None:
    """Set events aside, in the transaction that moves the checkpoint past them."""
    await tx.executemany(
        f"INSERT INTO parked (subscription, {_COLUMNS})"  # noqa: S608 - fixed column names
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [(subscription, *astuple(event)) for event in events],
    )


async def retry_key(database: Database, subscription: str, key: str, replay: Replay) -> int:
    """Replay what is parked for a key, in order, all or nothing; how many events that was.

    Takes the partition's checkpoint lock first, so the loop that leads the partition can neither
    park another event behind these nor handle a later one before them.
    """
    async with database.transaction() as tx:
        await tx.execute(
            "SELECT 1 FROM checkpoint WHERE subscription = %s AND part IN"
            " (SELECT part FROM parked WHERE subscription = %s AND key = %s) FOR UPDATE",
            (subscription, subscription, key),
        )
        events = await _of_key(tx, subscription, key)
        for event in events:
            await replay(event, tx)
        await _forget(tx, subscription, events)
    _log.info("parked_retried", subscription=subscription, key=key, events=len(events))
    return len(events)


async def drop_first(database: Database, subscription: str, key: str) -> bool:
    """Give the first parked event of a key up for ever; those behind it stay until retried."""
    async with database.transaction() as tx:
        events = await _of_key(tx, subscription, key)
        await _forget(tx, subscription, events[:1])
    return bool(events)


async def _of_key(tx: Transaction, subscription: str, key: str) -> list[Parked]:
    """Those of a key, or the one nobody could read, whose key is unknown, by its sequence."""
    rows = await tx.fetch_all(
        f"SELECT {_COLUMNS} FROM parked WHERE subscription = %s"  # noqa: S608
        " AND (key = %s OR key = '' AND seq::text = %s) ORDER BY seq FOR UPDATE",
        (subscription, key, key),
    )
    return [Parked(*row) for row in rows]


async def _forget(tx: Transaction, subscription: str, events: Sequence[Parked]) -> None:
    await tx.execute(
        "DELETE FROM parked WHERE subscription = %s AND seq = ANY(%s)",
        (subscription, [event.seq for event in events]),
    )
