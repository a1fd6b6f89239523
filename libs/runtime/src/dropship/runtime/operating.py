"""What an operator may ask any service: what is parked or dead, try it again, give it up."""

from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from dropship.runtime import claims, parking
from dropship.runtime.asking import Asking
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused
from dropship.runtime.hearing import Hearing

LIST_LIMIT = 500


class Dead(msgspec.Struct, frozen=True):
    """One thing that waits for a person. `id` is what `retry` and `drop` take."""

    id: str
    service: str
    kind: Literal["command", "event"]
    name: str
    cause: str
    at: datetime
    behind: int = 0


class DeadId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str


def offer(asking: Asking, database: Database, hearings: list[Hearing]) -> None:
    """Let the operator ask this service."""
    by_stream = {hearing.stream: hearing for hearing in hearings}
    asking.serves("dead_list", partial(_list, database))
    asking.serves("dead_retry", partial(_retry, database, by_stream))
    asking.serves("dead_drop", partial(_drop, database))


async def _list(database: Database, _payload: bytes) -> bytes:
    commands = await database.fetch_all(
        "SELECT id, name, cause, died_at FROM dead_commands ORDER BY died_at LIMIT %s",
        (LIST_LIMIT,),
    )
    events = await database.fetch_all(
        "SELECT DISTINCT ON (subscription, known) subscription, known, subject, cause, parked_at,"
        " count(*) OVER (PARTITION BY subscription, known) - 1"
        " FROM (SELECT *, coalesce(nullif(key, ''), seq::text) AS known FROM parked) AS parked"
        " ORDER BY subscription, known, seq LIMIT %s",
        (LIST_LIMIT,),
    )
    service = database.service
    dead = [Dead(id_, service, "command", name, cause, at) for id_, name, cause, at in commands]
    dead += [
        Dead(f"{stream}:{known}", service, "event", subject, cause, at, behind)
        for stream, known, subject, cause, at, behind in events
    ]
    return msgspec.json.encode(dead)


def _asked(payload: bytes) -> str:
    try:
        return msgspec.json.decode(payload, type=DeadId).id
    except msgspec.DecodeError as error:
        raise Refused(
            "invalid", f"give the id as `dropship dead list` shows it: {error}"
        ) from error


async def _retry(database: Database, hearings: dict[str, Hearing], payload: bytes) -> bytes:
    id_ = _asked(payload)
    stream, _, key = id_.partition(":")
    if stream not in hearings:
        await claims.revive(database, id_)
        return msgspec.json.encode({"retried": 1})
    count = await parking.retry_key(database, stream, key, hearings[stream].replay)
    if count == 0:
        raise Refused("unknown_id", f"nothing is parked as {id_}", kind="not_found", field="id")
    return msgspec.json.encode({"retried": count})


async def _drop(database: Database, payload: bytes) -> bytes:
    id_ = _asked(payload)
    stream, colon, key = id_.partition(":")
    if not colon:
        await claims.drop(database, id_)
    elif not await parking.drop_first(database, stream, key):
        raise Refused("unknown_id", f"nothing is parked as {id_}", kind="not_found", field="id")
    return msgspec.json.encode({"dropped": 1})
