"""Competing workers on the queues of one plugin: `width` commands at once, urgent lanes first.

All kinds of commands that a plugin does stand in the same queues, so that a pause is never behind
a poll; which kind it is stands at the end of its subject.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from nats.aio.msg import Msg

from dropship.contracts.messages import LANES, Lane
from dropship.runtime.bus import ApiError, Bus, Uncertain
from dropship.runtime.puller import Puller
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry.logs import get_logger
from dropship.runtime.working import Working

POLL_S = 0.5
_log = get_logger()


class Workers:
    """The workers for one plugin of a service in this process; as many as its widest deed asks."""

    def __init__(self, bus: Bus, service: str, kinds: Sequence[Working]) -> None:
        self._bus, self._service = bus, service
        self._any = kinds[0]
        self._plugin = kinds[0].deed.plugin
        self._kinds = {kind.deed.command.token(): kind for kind in kinds}
        self._width = max(kind.deed.width for kind in kinds)
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    def consumer(self, lane: Lane) -> str:
        """The durable consumer's name: it is made by `dropship migrate`, never renamed."""
        return f"{self._service}-{self._plugin}-{lane}"

    async def run(self) -> None:
        """Take commands and do them, until cancelled; see `drain`."""
        while unless_cancelled():
            try:
                await self._take_commands()
            except Exception as error:
                _log.error("loop_failed", loop=f"works for {self._plugin}", error=repr(error)[:300])
                await asyncio.sleep(POLL_S)

    async def _take_commands(self) -> None:
        pullers: dict[Lane, Puller] = {}
        try:
            while True:
                await self._open(pullers)
                unless_cancelled()
                message = await self._next(pullers)
                if message is not None:
                    await self._start(message)
        finally:
            for puller in pullers.values():
                await puller.close()
                for message in puller.left():
                    await self._bus.tell(message.reply, b"-NAK")

    async def _open(self, pullers: dict[Lane, Puller]) -> None:
        for lane in LANES:
            if lane in pullers and pullers[lane].lost and not pullers[lane].buffered:
                await pullers.pop(lane).close()
            while lane not in pullers:
                try:
                    await self._bus.api(f"CONSUMER.INFO.WORK.{self.consumer(lane)}")
                    pullers[lane] = await Puller.on(self._bus, "WORK", self.consumer(lane), 1)
                except (Uncertain, ApiError) as error:
                    _log.warning("work_unreachable", consumer=self.consumer(lane), error=str(error))
                    await asyncio.sleep(POLL_S)

    async def _next(self, pullers: dict[Lane, Puller]) -> Msg | None:
        """The next command of the most urgent lane that has one; `now` keeps a place for itself."""
        await self._wait_for_room(self._width)
        spare = len(self._running) < self._width - 1 or self._width == 1
        lanes = LANES if spare else LANES[:1]
        for lane in lanes:
            if pullers[lane].buffered or pullers[lane].lost:
                taken = await pullers[lane].take(1, 0)
                return taken[0] if taken else None
        waits: list[asyncio.Task[Any]] = [
            asyncio.create_task(pullers[lane].arrived()) for lane in lanes
        ]
        waits.append(asyncio.create_task(self._freed.wait()))
        try:
            await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._freed.clear()
        return None

    async def _wait_for_room(self, width: int) -> None:
        while len(self._running) >= width:
            self._freed.clear()
            await self._freed.wait()

    async def _start(self, message: Msg) -> None:
        working = self._kinds.get(message.subject.rpartition(".")[2])
        if working is None:
            await self._any.bury_unreadable(message, f"nobody does {message.subject}")
            return
        task = asyncio.create_task(working.attend(message))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work_crashed", plugin=self._plugin, error=repr(error)[:300])

    async def drain(self, within_s: float) -> None:
        """Let what is in hand end; what does not is cancelled and will be delivered again."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)
