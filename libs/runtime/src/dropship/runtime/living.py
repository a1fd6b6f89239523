"""The loops of a process that depend on its session: relays, hearing, rounds, and the sweep.

They live and die together. When the session is lost they are all cancelled before it is opened
again; when the log does not fit what is known, reading and publishing stop alike until it does.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import psycopg
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from dropship.runtime.bus import ApiError, Bus, Uncertain
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.errors import Halted, Retry, SessionLost, TooNew
from dropship.runtime.hearing import Hearing
from dropship.runtime.leases import Leases
from dropship.runtime.logfence import Mark, check
from dropship.runtime.relay import Relay
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger

STREAMS = ("EVENTS", "OBSERVATIONS", "WORK", "DEAD")
SWEEP_S = 0.25
AGAIN_S = 0.3
HALTED_S = 5.0
SKEW_LIMIT_S = 30.0
_log = get_logger()

_BACKLOG = "SELECT stream, count(*) FROM journal WHERE stream_seq IS NULL GROUP BY stream"
_CHECKPOINTS = "SELECT DISTINCT subscription, generation, seq, id FROM checkpoint"
_LAST_MARK = """
SELECT generation, stream_seq, id FROM journal WHERE stream = %s AND stream_seq IS NOT NULL
 ORDER BY stream_seq DESC LIMIT 1
"""


@dataclass(frozen=True)
class Round:
    """Something done every so often, by one replica at a time."""

    name: str
    work: Callable[[Database], Awaitable[None]]
    every_s: float


class Living:
    """Keeps the session and everything that hangs on it going until cancelled.

    `reasons` says why this process does not fully live; it belongs into readiness.
    """

    def __init__(
        self, database: Database, bus: Bus, leases: Leases, clock: Clock, hearings: list[Hearing]
    ) -> None:
        self._database, self._bus, self._leases, self._clock = database, bus, leases, clock
        self._hearings = hearings
        self._relays = {stream: Relay(bus, leases, stream) for stream in STREAMS}
        self._wake_subject = f"wake.{database.service}"
        self.rounds: list[Round] = []
        self.reasons: dict[str, str] = {"session": "no session yet"}
        database.nudge = self.nudge
        bus.on_reconnect.append(self._reconnected)

    async def nudge(self, streams: Iterable[str]) -> None:
        """Rows were committed here: wake the relay, wherever it is. A lost wake costs one sweep."""
        if self._leases.leads("relay"):
            self._wake(streams)
        else:
            with contextlib.suppress(NatsError, OSError):
                await self._bus.tell(self._wake_subject, ",".join(streams).encode())

    def _wake(self, streams: Iterable[str]) -> None:
        for stream in streams:
            if stream in self._relays:
                self._relays[stream].wake()

    async def _woken(self, message: Msg) -> None:
        if self._leases.leads("relay"):
            self._wake(message.data.decode(errors="replace").split(","))

    async def _reconnected(self) -> None:
        for relay in self._relays.values():
            relay.doubt()

    async def run(self) -> None:
        """Live until cancelled."""
        await self._bus.listen(self._wake_subject, self._woken)
        while unless_cancelled():
            pause_s = AGAIN_S
            try:
                async with self._leases.session():
                    await self._check_log()
                    unless_cancelled()
                    self.reasons.clear()
                    # A task of its own: on Python 3.11 a group whose child fails leaves a mark of
                    # cancellation on the task that it ran in, and this one goes on.
                    await asyncio.create_task(self._loops())
            except* Halted as halted:
                reason = str(_cause(halted))
                self.reasons["log"] = reason
                _log.error("halted", reason=reason)
                pause_s = HALTED_S
            except* (SessionLost, psycopg.Error, OSError, Uncertain, ApiError, Retry) as lost:
                self.reasons["session"] = f"lost: {type(_cause(lost)).__name__}"
                _log.warning("session_lost", reason=repr(_cause(lost))[:200])
            unless_cancelled()
            await asyncio.sleep(pause_s)

    async def _loops(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._leases.keep())
            group.create_task(self._publish())
            for hearing in self._hearings:
                group.create_task(self._steadily(f"hears {hearing.stream}", hearing.run))
            for round_ in self.rounds:
                group.create_task(self._go_round(round_))

    async def _check_log(self) -> None:
        """Everything this service knows of every stream must fit before any loop starts."""
        marks: dict[str, list[Mark]] = {"EVENTS": [], "OBSERVATIONS": []}
        for stream, *mark in await self._database.fetch_all(_CHECKPOINTS):
            marks[stream].append(Mark(*mark))
        for stream, known in marks.items():
            if last := await self._database.fetch_one(_LAST_MARK, (stream,)):
                known.append(Mark(*last))
            state = await check(self._bus, stream, known)
        skew_s = abs((self._clock.now() - state.now).total_seconds())
        if skew_s > SKEW_LIMIT_S:
            raise Halted(f"clock_skew: this clock is {skew_s:.0f} s from that of NATS")

    async def _publish(self) -> None:
        await self._lead("relay", SWEEP_S)
        async with asyncio.TaskGroup() as group:
            for stream, relay in self._relays.items():
                group.create_task(self._steadily(f"relays {stream}", relay.run))
            group.create_task(self._sweep())

    async def _lead(self, name: str, every_s: float) -> None:
        """Poll for a lock: the blocking form would hold a snapshot, and vacuum with it."""
        while not await self._leases.lead(name):  # noqa: ASYNC110
            await asyncio.sleep(every_s)
        unless_cancelled()

    async def _sweep(self) -> None:
        """Find rows whose nudge was lost, and tell how many wait."""
        while unless_cancelled():
            with contextlib.suppress(Retry):
                await self._wake_backlog()
            await asyncio.sleep(SWEEP_S)

    async def _wake_backlog(self) -> None:
        rows = dict(await self._database.fetch_all(_BACKLOG))
        for stream, relay in self._relays.items():
            metrics.RELAY_BACKLOG[stream].set(rows.get(stream, 0))
            if rows.get(stream):
                relay.wake()

    async def _go_round(self, round_: Round) -> None:
        await self._lead(f"round.{round_.name}", self._leases.beat_s)
        while True:
            try:
                await round_.work(self._database)
            except (SessionLost, Halted):
                raise
            except Exception as error:
                _log.warning("round_failed", round=round_.name, error=repr(error)[:300])
            unless_cancelled()
            await asyncio.sleep(round_.every_s)

    async def _steadily(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """A loop's own fault ends neither the others nor the process.

        A message of a newer release stops the loop that met it until that release runs.
        """
        while unless_cancelled():
            try:
                await loop()
            except TooNew as newer:
                self.reasons[name] = str(newer)
                _log.error("loop_halted", loop=name, reason=str(newer))
                await asyncio.sleep(HALTED_S)
            except (SessionLost, Halted):
                raise
            except Exception as error:
                _log.error("loop_failed", loop=name, error=repr(error)[:300])
                await asyncio.sleep(AGAIN_S)

    async def flushed(self, within_s: float) -> None:
        """Before leaving: let the relay carry what was said, if it is ours and the log is there."""
        try:
            async with asyncio.timeout(within_s):
                while self._leases.leads("relay") and self._bus.connected:
                    if not await self._database.fetch_all(_BACKLOG):
                        return
                    await asyncio.sleep(0.02)
        except (TimeoutError, psycopg.Error):
            _log.warning("left_unsent_rows")


def _cause(group: BaseException) -> BaseException:
    """The first exception in a group that is no group itself."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
