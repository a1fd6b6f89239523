"""A service on one page: what it hears, does and answers, and how its process lives and ends.

`app.py` of each service is written with `Service`; reading the six of them is reading the product.
"""

import asyncio
import contextlib
import inspect
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from dropship.contracts.messages import LANES, Command, Event, Query
from dropship.runtime import claims, failpoints, operating
from dropship.runtime.asking import Answerer, Asker, Asking, Obeyer
from dropship.runtime.bus import Bus
from dropship.runtime.clock import Clock, SystemClock
from dropship.runtime.database import Database
from dropship.runtime.draining import Drain
from dropship.runtime.egress import Egress
from dropship.runtime.health import Health
from dropship.runtime.hearing import Hearing, Route
from dropship.runtime.house import PASSING_KEPT_HOURS
from dropship.runtime.leases import Leases
from dropship.runtime.living import Living, Round
from dropship.runtime.readiness import Readiness, migration_head
from dropship.runtime.settings import ServiceSettings
from dropship.runtime.telemetry import traces
from dropship.runtime.telemetry.logs import configure, get_logger
from dropship.runtime.workers import Workers
from dropship.runtime.working import Deed, Doer, Effect, GiveUp, Working

HOUSEKEEPING_S = 3600.0
_log = get_logger()
Check = Callable[[], Awaitable[str | None]]


class Service:
    """One service of the house, wired in `app.py` and run by `run`."""

    def __init__(self, name: str, settings: ServiceSettings, clock: Clock | None = None) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock or SystemClock()
        dsn = settings.database_url.get_secret_value()
        self.database = Database(dsn, name, self.clock, settings.pool_size)
        self.bus = Bus(settings, f"{name}/{settings.replica}")
        self.leases = Leases(dsn, name, settings.replica, settings.lease_beat_s)
        self.asker = Asker(self.bus)
        self.egress = Egress(development=settings.development)
        self.health_port = 0
        self.working = False
        self._hearings: dict[str, Hearing] = {}
        self._deeds: list[Deed] = []
        self._asking = Asking(self.database, self.bus, self.clock)
        self._rounds: list[Round] = [Round("housekeeping", _keep_house, HOUSEKEEPING_S)]
        self._companions: list[Callable[[], AbstractAsyncContextManager[Any]]] = []
        self._checks: dict[str, Check] = {}
        self._package = sys.modules.get(f"dropship.{name}")

    def hears(self, handler: Callable[..., Awaitable[None]]) -> None:
        """Hear the events that the handler's first parameter is annotated with, one by one."""
        self._route(handler, many=False)

    def hears_many(self, handler: Callable[..., Awaitable[None]]) -> None:
        """Hear consecutive runs of the annotated events, up to 500, in one transaction."""
        self._route(handler, many=True)

    def _route(self, handler: Callable[..., Awaitable[None]], *, many: bool) -> None:
        types = heard_types(handler)
        streams = {type_.stream for type_ in types}
        if len(streams) != 1:
            raise TypeError(f"{handler} hears events of several streams: {sorted(streams)}")
        self._hearing(streams.pop()).add(Route(types, handler, many))

    def _hearing(self, stream: str) -> Hearing:
        if stream not in self._hearings:
            self._hearings[stream] = Hearing(
                self.database, self.bus, self.leases, self.clock, stream
            )
        return self._hearings[stream]

    def drains_due(self, handler: Drain) -> None:
        """Take up products that facts about no single product have marked due."""
        self._hearing("EVENTS").drains(handler)

    def does(
        self,
        command: type[Command],
        doer: Doer,
        *,
        plugin: str,
        width: int = 4,
        give_up: GiveUp | None = None,
    ) -> None:
        """Do a command that only reads the outside; `width` at once in this process."""
        self._add(Deed(command, plugin, width, doer, None, give_up))

    def effects(
        self,
        command: type[Command],
        effect: Effect,
        *,
        plugin: str,
        width: int = 4,
        give_up: GiveUp | None = None,
    ) -> None:
        """Do a command that changes the outside: intent, call, outcome; looked up when in doubt."""
        self._add(Deed(command, plugin, width, None, effect, give_up))

    def _add(self, deed: Deed) -> None:
        if any((d.plugin, d.command) == (deed.plugin, deed.command) for d in self._deeds):
            raise ValueError(f"{deed.plugin!r} does {deed.command.__name__} already")
        self._deeds.append(deed)

    def answers(self, query: type[Query], answerer: Answerer) -> None:
        """Answer a question from what this service remembers."""
        self._asking.answers(query, answerer)

    def obeys(self, command: type[Command], obeyer: Obeyer) -> None:
        """Obey a command that needs only this service's own memory, once per command id."""
        self._asking.obeys(command, obeyer)

    def rounds(
        self, name: str, work: Callable[[Database], Awaitable[None]], *, every_s: float
    ) -> None:
        """Do something every `every_s` seconds, on one replica at a time."""
        self._rounds.append(Round(name, work, every_s))

    def lives_with(self, factory: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        """Enter this once the service can work, and leave it first when it drains."""
        self._companions.append(factory)

    def ready_when(self, name: str, check: Check) -> None:
        """One more condition of readiness: a reason why not, or None."""
        self._checks[name] = check

    async def live(self, stop: asyncio.Event) -> None:
        """Live until `stop` is set, then drain. Readiness says what is missing meanwhile."""
        working = self._workers()
        living = Living(
            self.database, self.bus, self.leases, self.clock, list(self._hearings.values())
        )
        living.rounds = self._rounds
        operating.offer(self._asking, self.database, list(self._hearings.values()))
        head = (
            migration_head(Path(inspect.getfile(self._package)).parent) if self._package else None
        )
        consumers = [w.consumer(lane) for w in working for lane in LANES]
        readiness = Readiness(self.database, self.bus, self._checks, living, head, consumers)
        health = Health(self.settings.host, self.settings.health_port, readiness.reasons)
        self.health_port = await health.start()
        _log.info("started", health_port=self.health_port)
        try:
            async with asyncio.TaskGroup() as group:
                life = group.create_task(self._life(readiness, working, living, stop))
                watch = group.create_task(readiness.watch())
                closed = group.create_task(self._end_when_closed(life))
                await asyncio.wait([life])
                watch.cancel()
                closed.cancel()
        finally:
            await health.stop()
            _log.info("ended")

    def _workers(self) -> list[Workers]:
        kinds: dict[str, list[Working]] = {}
        for deed in self._deeds:
            working = Working(self.database, self.bus, self.clock, deed, self.settings.replica)
            kinds.setdefault(deed.plugin, []).append(working)
        return [Workers(self.bus, self.name, each) for each in kinds.values()]

    async def _end_when_closed(self, life: asyncio.Task[None]) -> None:
        await self.bus.closed.wait()
        _log.error("nats_closed_for_good")
        life.cancel()

    async def _life(
        self, readiness: Readiness, working: list[Workers], living: Living, stop: asyncio.Event
    ) -> None:
        stopped = asyncio.create_task(stop.wait())
        able = asyncio.create_task(self._until_able(readiness))
        await asyncio.wait([stopped, able], return_when=asyncio.FIRST_COMPLETED)
        if not able.done():
            able.cancel()
            await asyncio.gather(able, return_exceptions=True)
        else:
            able.result()
            await self._work_until(stopped, readiness, working, living)
        await self.egress.aclose()
        await self.database.close()
        await self.bus.close()

    async def _until_able(self, readiness: Readiness) -> None:
        await self.database.open()
        await self.bus.connect()
        await readiness.foundations()

    async def _work_until(
        self,
        stopped: asyncio.Task[Any],
        readiness: Readiness,
        working: list[Workers],
        living: Living,
    ) -> None:
        drain_s = self.settings.drain_s
        living_task = asyncio.create_task(living.run())
        async with AsyncExitStack() as companions:
            working_tasks = [asyncio.create_task(w.run()) for w in working]
            await self._asking.start()
            for factory in self._companions:
                await companions.enter_async_context(factory())
            readiness.started = self.working = True
            _log.info("working")
            await asyncio.wait([stopped, living_task], return_when=asyncio.FIRST_COMPLETED)
            readiness.draining = True
            _log.info("draining")
        await self._asking.drain(drain_s / 4)
        for task in working_tasks:
            task.cancel()
        await asyncio.gather(*working_tasks, return_exceptions=True)
        await asyncio.gather(*(w.drain(drain_s / 2) for w in working))
        await living.flushed(drain_s / 4)
        living_task.cancel()
        results = await asyncio.gather(living_task, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                _log.error("living_failed", error=repr(result)[:300])


async def _keep_house(database: Database) -> None:
    await database.fetch_one("SELECT rotate_journal(%s)", (PASSING_KEPT_HOURS,))
    await claims.forget_old(database)


def heard_types(handler: Callable[..., Awaitable[None]]) -> tuple[type[Event], ...]:
    """The event types in ``heard: Heard[A | B]`` or ``batch: Sequence[Heard[A]]``.

    The annotation is the subscription: there is no second list that could disagree with it.
    """
    function = getattr(handler, "func", handler)
    first = next(iter(inspect.signature(function).parameters))
    hint = get_type_hints(function)[first]
    while get_args(hint) and get_origin(hint) not in (Union, UnionType):
        hint = get_args(hint)[0]
    types = get_args(hint) or (hint,)
    if not all(isinstance(type_, type) and issubclass(type_, Event) for type_ in types):
        raise TypeError(f"{function} does not say which events it hears")
    return types


def run(build: Callable[[], Service]) -> None:
    """Build a service and live until SIGTERM or SIGINT; then drain, for ten seconds at most."""
    service = build()
    settings = service.settings
    configure(service.name, settings.replica, settings.log_level, settings.log_format)
    traces.configure(service.name, settings.replica, settings.otlp_endpoint, settings.trace_ratio)
    failpoints.arm(settings.failpoints, settings.development)
    if settings.die_with_parent:
        _die_with_parent()
    try:
        asyncio.run(_until_told(service))
    finally:
        traces.shutdown()


async def _until_told(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.live(stop)


def _die_with_parent() -> None:
    """On Linux, end with the supervisor even when that is killed without warning."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only here, only on Linux

        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)
