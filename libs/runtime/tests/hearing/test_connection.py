"""A connection cut in the middle of a delivery loses nothing that was on its way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from toy_checks import Promised, at_rest, violations
from toy_relays import all_marked, carrying, say_moves

from dropship.runtime.bus import Bus
from dropship.runtime.puller import Puller, position_of
from dropship.runtime.testing import eventually
from toy_house import Toy


@dataclass
class Line:
    """A TCP line to NATS that a test can make swallow what the server says, and then cut."""

    target: int
    port: int = 0
    swallowing: bool = False
    swallowed: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += (writer, here)
        await asyncio.gather(self._pump(reader, here, False), self._pump(there, writer, True))

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, from_server: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(4096):
                if from_server and self.swallowing:
                    self.swallowed += len(piece)
                    continue
                sink.write(piece)
                await sink.drain()
        sink.close()

    def cut(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.close()


@asynccontextmanager
async def line_to(toy: Toy) -> AsyncIterator[Line]:
    line = Line(toy.nats.port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()


async def test_events_that_were_on_a_line_when_it_was_cut_are_heard_all_the_same(toy: Toy) -> None:
    rows = 3000
    async with toy.database_of_toy() as database, carrying(toy, "sayer") as sayer:
        for _ in range(30):
            await say_moves(database, rows // 30)
        sayer.relay.wake()
        await eventually(lambda: all_marked(toy), within_s=30)
    async with line_to(toy) as line:
        url = f"nats://127.0.0.1:{line.port}"
        async with toy.running(nats_url=url):

            async def some_heard() -> bool:
                return await toy.value("SELECT count(*) FROM effects") > 0

            await eventually(some_heard)
            line.swallowing = True
            await eventually(lambda: line.swallowed > 20_000, what="lost on the line")
            line.cut()
            line.swallowing = False
            await at_rest(toy)
    assert await violations(toy, Promised(moves=rows)) == []


async def shout(bus: Bus, numbers: range) -> None:
    for number in numbers:
        await bus.publish("evt.03.stranger.shouted", b"{}", {"Nats-Msg-Id": f"s{number}"})


async def test_a_puller_that_has_missed_something_says_that_it_is_lost(toy: Toy) -> None:
    async with line_to(toy) as line, toy.bus("loud") as loud:
        url = f"nats://127.0.0.1:{line.port}"
        async with toy.bus("quiet", nats_url=url) as bus:
            await shout(loud, range(60))
            puller = await Puller.ephemeral(bus, "EVENTS", "quiet", 1, ["evt.>"], ahead=100)
            await eventually(lambda: puller.buffered == 60)
            line.swallowing = True
            await shout(loud, range(60, 80))
            await eventually(lambda: line.swallowed > 0, what="lost on the line")
            line.cut()
            line.swallowing = False
            await eventually(lambda: not bus.connected, what="disconnected")
            await eventually(lambda: bus.connected, what="connected")
            heard = [position_of(m).seq for m in await puller.take(60, 1.0)]
            await shout(loud, range(80, 100))
            await eventually(lambda: puller.lost or puller.buffered)
            heard += [position_of(m).seq for m in await puller.take(100, 0.1)]
            await puller.close()
    assert heard == list(range(1, len(heard) + 1)), "nothing may be missing in between"
    assert puller.lost
