"""Which commands were done, are being done, or died: rows that make a repeat harmless."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from nats.aio.msg import Msg

from dropship.runtime.database import Database
from dropship.runtime.errors import Refused, Retry
from dropship.runtime.journal import Row, Transaction

KEPT = "7 days"
KEY_HELD_S = 0.25
_DEAD = UUID("0b0b2a52-6f2e-5f6e-8b1e-2f7f5d0e6a11")


@dataclass(frozen=True)
class Wanted:
    """A command that a worker wants to do; the last two only for effects.

    `delivered` is how often the queue has handed it out, this time included.
    """

    id: UUID
    name: str
    owner: str
    delivered: int
    natural_key: str | None
    settle_at: datetime | None


@dataclass(frozen=True)
class Claim:
    """Leave to do it: the attempt that the outcome must name, and when doubt may be looked up.

    `again` when an earlier attempt may have done it, so an effect looks outside first.
    """

    attempt: int
    settle_at: datetime | None
    again: bool


class Overtaken(Exception):
    """Another attempt has taken the command over: this one says nothing."""


async def take(tx: Transaction, wanted: Wanted) -> Claim | None:
    """Claim a command, or None when it was brought to an end before.

    Raises Retry when an intent is still within its settling time: whether it happened cannot be
    known yet, so neither looking nor repeating would be right. The same when another command holds
    the natural key. Raises Overtaken for a delivery that lay about until a later one was claimed.
    """
    row = await tx.fetch_one(
        "SELECT state, attempt, settle_at FROM done_commands WHERE id = %s FOR UPDATE", (wanted.id,)
    )
    if row is None:
        return await _first(tx, wanted)
    state, attempt, settle_at = row
    if state != "doing":
        return None
    if settle_at is not None and settle_at > tx.at:
        raise Retry((settle_at - tx.at).total_seconds(), "settling")
    if attempt >= wanted.delivered:
        raise Overtaken(str(wanted.id))
    await _key_is_free(tx, wanted)
    await tx.execute(
        "UPDATE done_commands SET attempt = %s, owner = %s, natural_key = %s, settle_at = %s"
        " WHERE id = %s",
        (attempt + 1, wanted.owner, wanted.natural_key, wanted.settle_at, wanted.id),
    )
    return Claim(attempt + 1, wanted.settle_at, again=True)


async def _key_is_free(tx: Transaction, wanted: Wanted) -> None:
    if wanted.natural_key is not None and await tx.fetch_one(
        "SELECT 1 FROM done_commands"
        " WHERE natural_key = %s AND state = 'doing' AND id <> %s FOR SHARE",
        (wanted.natural_key, wanted.id),
    ):
        raise Retry(KEY_HELD_S, "natural_key_held")


async def _first(tx: Transaction, wanted: Wanted) -> Claim:
    await _key_is_free(tx, wanted)
    cursor = await tx.execute(
        "INSERT INTO done_commands (id, name, state, attempt, owner, natural_key, settle_at)"
        " VALUES (%s, %s, 'doing', 1, %s, %s, %s) ON CONFLICT DO NOTHING",
        (wanted.id, wanted.name, wanted.owner, wanted.natural_key, wanted.settle_at),
    )
    if cursor.rowcount != 1:
        raise Retry(0.5, "claimed_by_another")
    return Claim(1, wanted.settle_at, again=False)


async def next_fact(tx: Transaction, command_id: UUID) -> int:
    """The version of the next fact about this command, under the lock of its row."""
    row = await tx.fetch_one(
        "UPDATE done_commands SET said = said + 1 WHERE id = %s RETURNING said", (command_id,)
    )
    assert row is not None
    return int(row[0])


async def hold(tx: Transaction, command_id: UUID, attempt: int) -> None:
    """Lock the command's row while this attempt still does it. Raises Overtaken."""
    row = await tx.fetch_one(
        "SELECT 1 FROM done_commands WHERE id = %s AND attempt = %s AND state = 'doing' FOR UPDATE",
        (command_id, attempt),
    )
    if row is None:
        raise Overtaken(str(command_id))


async def finish(tx: Transaction, command_id: UUID, attempt: int, state: str) -> None:
    """Bring a command to its end, as a compare-and-set on the attempt. Raises Overtaken."""
    cursor = await tx.execute(
        "UPDATE done_commands SET state = %s, finished_at = now()"
        " WHERE id = %s AND attempt = %s AND state = 'doing'",
        (state, command_id, attempt),
    )
    if cursor.rowcount != 1:
        raise Overtaken(str(command_id))


async def abandon(tx: Transaction, natural_key: str, before: datetime) -> UUID | None:
    """End the effect that holds a key, if it should have been looked up since `before` and nobody
    came: its message is lost. Returns which it was; the caller must look outside before the next.

    A worker that takes it up at the same time wins, as that moves the time to look. One that wakes
    later finds itself overtaken, and a message that comes after all is acknowledged unperformed.
    """
    row = await tx.fetch_one(
        "UPDATE done_commands SET state = 'dead', finished_at = now()"
        " WHERE natural_key = %s AND state = 'doing' AND settle_at <= %s RETURNING id",
        (natural_key, before),
    )
    return row[0] if row else None


async def bury(tx: Transaction, id_: str, name: str, message: Msg, cause: str) -> None:
    """Keep a command that cannot be done, and tell `dead.<service>.<name>` about it."""
    cursor = await tx.execute(
        "INSERT INTO dead_commands (id, name, subject, payload, cause) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (id) DO NOTHING",
        (id_, name, message.subject, message.data, cause[:500]),
    )
    if cursor.rowcount == 1:
        told = uuid5(_DEAD, f"{id_}/{tx.at.isoformat()}")
        subject = f"dead.{tx.service}.{name}"
        tx.pass_on(Row(told, "DEAD", f"dead:{id_}", 1, subject, message.data))


async def revive(database: Database, id_: str) -> None:
    """Order a dead command once more, with all its attempts. Raises Refused if unknown.

    Its row stays: what was said about it keeps its numbers, and an effect is looked up first.
    """
    async with database.transaction() as tx:
        row = await tx.fetch_one(
            "DELETE FROM dead_commands WHERE id = %s RETURNING subject, payload", (id_,)
        )
        if row is None:
            raise Refused("unknown_id", f"no dead command {id_}", kind="not_found", field="id")
        await tx.execute(
            "UPDATE done_commands SET state = 'doing', attempt = 0, natural_key = NULL,"
            " settle_at = NULL, finished_at = NULL WHERE id::text = %s",
            (id_,),
        )
        again = uuid5(_DEAD, f"{id_}/again/{tx.at.isoformat()}")
        tx.pass_on(Row(again, "WORK", f"revived:{again}", 1, row[0], bytes(row[1])))


async def drop(database: Database, id_: str) -> None:
    """Forget a dead command for ever. Raises Refused if unknown."""
    async with database.transaction() as tx:
        cursor = await tx.execute("DELETE FROM dead_commands WHERE id = %s", (id_,))
        if cursor.rowcount == 0:
            raise Refused("unknown_id", f"no dead command {id_}", kind="not_found", field="id")


async def forget_old(database: Database) -> None:
    """Rows of finished commands are needed only as long as a repeat can still arrive."""
    async with database.connection() as connection:
        await connection.execute(
            f"DELETE FROM done_commands WHERE finished_at < now() - interval '{KEPT}'"  # noqa: S608
        )
        await connection.execute("DELETE FROM answered WHERE at < now() - interval '48 hours'")
