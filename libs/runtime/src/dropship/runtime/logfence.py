"""Is the stream still the one that was read and written before?

A stream that was deleted, made again, or restored from an older copy looks healthy to a client. Its
`created` (the generation), the message id at a known sequence, and on EVENTS the absence of holes
tell the difference (journal.md 3).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from dropship.runtime.bus import MSG_ID, ApiError, Bus
from dropship.runtime.errors import LogRegressed
from dropship.runtime.telemetry import metrics

CHECK_EVERY_S = 30.0


@dataclass(frozen=True)
class Mark:
    """A place in a stream: generation, sequence, and the id of what must stand there."""

    generation: str
    seq: int
    id: UUID | None


@dataclass(frozen=True)
class StreamState:
    """What a stream says of itself."""

    generation: str
    first_seq: int
    last_seq: int
    messages: int
    deleted: int
    now: datetime


async def stream_state(bus: Bus, stream: str) -> StreamState:
    """Ask for it. Raises LogRegressed when there is no such stream, Uncertain on silence."""
    try:
        answer = await bus.api(f"STREAM.INFO.{stream}")
    except ApiError as error:
        if error.status == 404:
            raise _regressed(stream, "the stream does not exist") from error
        raise
    state: dict[str, Any] = answer["state"]
    return StreamState(
        generation=str(answer["created"]),
        first_seq=int(state["first_seq"]),
        last_seq=int(state["last_seq"]),
        messages=int(state["messages"]),
        deleted=int(state.get("num_deleted", 0)),
        now=msgspec.convert(answer["ts"], datetime),
    )


async def check(bus: Bus, stream: str, marks: list[Mark]) -> StreamState:
    """Compare a stream with what is known of it; the state when all is well.

    Raises LogRegressed, which must halt reading and publishing alike: going on would write a second
    history over the first. An old message may be missing only where the stream lets it expire.
    """
    state = await stream_state(bus, stream)
    if stream == "EVENTS" and (state.deleted or state.first_seq > 1):
        raise _regressed(stream, f"it has holes: {state.deleted} deleted, first {state.first_seq}")
    for mark in marks:
        if mark.generation != state.generation:
            raise _regressed(stream, f"it was made {state.generation}, known {mark.generation}")
        if mark.seq > state.last_seq:
            raise _regressed(stream, f"it ends at {state.last_seq}, known up to {mark.seq}")
        if mark.seq and mark.id is not None:
            await _check_id(bus, stream, mark, state)
    return state


async def _check_id(bus: Bus, stream: str, mark: Mark, state: StreamState) -> None:
    message = await bus.stored_message(stream, mark.seq)
    if message is None:
        if stream == "EVENTS":
            raise _regressed(stream, f"nothing stands at {mark.seq}")
        return
    found = (message.headers or {}).get(MSG_ID)
    if found != str(mark.id):
        raise _regressed(stream, f"another message stands at {mark.seq}")


def _regressed(stream: str, what: str) -> LogRegressed:
    metrics.FENCE_FAILURES[stream].inc()
    return LogRegressed(f"log_regressed: {stream}: {what}")
