"""The work queue and the runtime's memory of commands, as `dropship.runtime.claims` keeps it.

Commands are delivered late, twice, after a crash and to two syncers at once; a claim, an outcome
and a natural key mean here what they mean there.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from campaign.clockwork import Clockwork, Routine
from campaign.weather import Weather
from dropship.contracts.messages import Lane
from dropship.runtime.claims import KEY_HELD_S, Claim, Overtaken
from dropship.runtime.errors import Retry

ACK_WAIT_S = 12.0
REPLICAS = 2
State = Literal["doing", "done", "dead"]


@dataclass
class Row:
    """One row of `done_commands`."""

    state: State
    attempt: int
    key: str
    settle_at: datetime


@dataclass
class Claims:
    """The table `done_commands`."""

    rows: dict[UUID, Row] = field(default_factory=dict)

    def take(
        self, id_: UUID, key: str, settle_at: datetime, delivered: int, at: datetime
    ) -> Claim | None:
        """See `claims.take`."""
        row = self.rows.get(id_)
        if row is None:
            self._key_is_free(id_, key)
            self.rows[id_] = Row("doing", 1, key, settle_at)
            return Claim(1, settle_at, again=False)
        if row.state != "doing":
            return None
        self.is_settled(row, at)
        if row.attempt >= delivered:
            raise Overtaken(str(id_))
        self._key_is_free(id_, key)
        row.attempt, row.settle_at = row.attempt + 1, settle_at
        return Claim(row.attempt, settle_at, again=True)

    def is_settled(self, row: Row, at: datetime) -> None:
        """Raises Retry while an earlier attempt may still be landing."""
        if row.settle_at > at:
            raise Retry((row.settle_at - at).total_seconds(), "settling")

    def _key_is_free(self, id_: UUID, key: str) -> None:
        if any(
            other != id_ and row.key == key and row.state == "doing"
            for other, row in self.rows.items()
        ):
            raise Retry(KEY_HELD_S, "natural_key_held")

    def hold(self, id_: UUID, attempt: int) -> None:
        """See `claims.hold`."""
        row = self.rows.get(id_)
        if row is None or row.attempt != attempt or row.state != "doing":
            raise Overtaken(str(id_))

    def finish(self, id_: UUID, attempt: int, state: State) -> None:
        """See `claims.finish`."""
        self.hold(id_, attempt)
        self.rows[id_].state = state


@dataclass
class Message:
    """One message of the queue. `current` is the delivery whose word counts."""

    command_id: UUID
    listing_id: str
    lane: Lane
    delivered: int = 0
    acked: bool = False


class Attending(Protocol):
    """How a worker attends to one delivery; it ends by `ack`, by `nak`, or by saying nothing."""

    def __call__(self, message: Message, delivered: int) -> Routine: ...


@dataclass
class Running:
    """One delivery in the hands of one syncer."""

    routine: Routine
    message: Message
    delivered: int
    alive: bool = True


@dataclass
class Queue:
    """WORK, and the syncers that compete for it."""

    clock: Clockwork
    weather: Weather
    attend: Attending = field(init=False)
    claims: Claims = field(default_factory=Claims)
    calm: bool = False
    up: list[bool] = field(default_factory=lambda: [True] * REPLICAS)
    running: list[list[Running]] = field(default_factory=lambda: [[] for _ in range(REPLICAS)])
    unfinished: int = 0

    def order(self, command_id: UUID, listing_id: str, lane: Lane) -> None:
        """What the relay carries there: once, or twice, soon, or late."""
        slow = self._strikes(self.weather.slow_relay)
        self._put(command_id, listing_id, lane, self.clock.between(1, 40) if slow else 0.02)
        if self._strikes(self.weather.twice_queued):
            self._put(command_id, listing_id, lane, self.clock.between(0.02, 60))

    def _put(self, command_id: UUID, listing_id: str, lane: Lane, delay_s: float) -> None:
        message = Message(command_id, listing_id, lane)
        self.unfinished += 1
        self.clock.after(delay_s, lambda: self._deliver(message))

    def _strikes(self, share: float) -> bool:
        return not self.calm and self.clock.happens(share)

    def _deliver(self, message: Message) -> None:
        if message.acked:
            return
        awake = [number for number in range(REPLICAS) if self.up[number]]
        if not awake:
            self.clock.after(1.0, lambda: self._deliver(message))
            return
        number = self.clock.chance.choice(awake)
        message.delivered += 1
        routine = self.attend(message, message.delivered)
        one = Running(routine, message, message.delivered)
        self.running[number].append(one)
        self._go(one, number)

    def _go(self, one: Running, number: int) -> None:
        """One more stretch of a worker's way, which may be its last, or take very long."""
        if not one.alive:
            return
        if self._strikes(self.weather.crash):
            self.crash(number)
            return
        delay_s = next(one.routine, None)
        if delay_s is None:
            self.running[number].remove(one)
            return
        if self._strikes(self.weather.stall):
            stalled_s = self.clock.between(5, 60)
            self._silent(one, stalled_s)
            delay_s += stalled_s
        self.clock.after(delay_s, lambda: self._go(one, number))

    def _silent(self, one: Running, stalled_s: float) -> None:
        """A worker that says nothing for too long: somebody else gets its message as well."""
        self.clock.note("stalled", str(one.message.command_id)[:8], round(stalled_s, 1))
        if stalled_s > ACK_WAIT_S:
            self._again_unless_told(one.message, one.delivered)

    def crash(self, number: int) -> None:
        """``kill -9`` of one syncer: whatever it was doing simply stops."""
        if not self.up[number]:
            return
        self.clock.note("crash", number)
        self.up[number] = False
        for one in self.running[number]:
            one.alive = False
            self._again_unless_told(one.message, one.delivered)
        self.running[number].clear()
        self.clock.after(self.clock.between(1, 15), lambda: self._back(number))

    def _back(self, number: int) -> None:
        self.up[number] = True

    def _again_unless_told(self, message: Message, delivered: int) -> None:
        def again() -> None:
            if message.delivered == delivered:
                self._deliver(message)

        self.clock.after(ACK_WAIT_S, again)

    def ack(self, message: Message, delivered: int) -> None:
        """Done with it. The word may get lost, and then it comes again."""
        if self._strikes(self.weather.lost_ack):
            self._again_unless_told(message, delivered)
        elif not message.acked:
            message.acked = True
            self.unfinished -= 1

    def nak(self, message: Message, delivered: int, after_s: float) -> None:
        """Not now: later. The word of a worker that was given up on does not count."""
        if message.delivered == delivered and not message.acked:
            self.clock.after(after_s, lambda: self._later(message, delivered))

    def _later(self, message: Message, delivered: int) -> None:
        if message.delivered == delivered:
            self._deliver(message)

    def leave(self, message: Message, delivered: int) -> None:
        """Say nothing: it will be delivered again."""
        self._again_unless_told(message, delivered)
