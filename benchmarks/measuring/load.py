"""A load generator on bare asyncio protocols: some 20 µs a request, the same for every server."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from msgspec import Struct

from measuring.figures import percentile
from measuring.http import length_of

LAST_ANSWER_S = 10.0
_END = b"\r\n\r\n"


class Round(Struct, frozen=True):
    """What one round brought: answered requests, and how long each took."""

    took_s: float
    latencies_s: list[float]

    @property
    def rate(self) -> float:
        return len(self.latencies_s) / self.took_s

    @property
    def p50_ms(self) -> float:
        return percentile(self.latencies_s, 0.5) * 1000

    @property
    def p99_ms(self) -> float:
        return percentile(self.latencies_s, 0.99) * 1000


class _Asking(asyncio.Protocol):
    """One connection: the next request leaves when the last answer is complete."""

    def __init__(self, requests: Sequence[bytes], until: float) -> None:
        self._requests, self._until = requests, until
        self._transport: asyncio.WriteTransport | None = None
        self._pending = b""
        self._sent_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies_s: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(random.choice(self._requests))

    def data_received(self, data: bytes) -> None:
        self._pending += data
        end = self._pending.find(_END)
        if end < 0:
            return
        head = self._pending[: end + 2]
        if len(self._pending) < end + len(_END) + length_of(head):
            return
        now = time.perf_counter()
        self.latencies_s.append(now - self._sent_at)
        self._pending = b""
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(RuntimeError(f"not a 200: {head[:200]!r}"))
        elif now < self._until:
            self._ask()
        elif self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or time.perf_counter() < self._until:
            self._fail(exc or RuntimeError("the server closed the connection"))
        elif not self.ended.done():
            self.ended.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


async def load(url: str, requests: Sequence[bytes], connections: int, lasting_s: float) -> Round:
    """Ask as fast as `connections` allow; a random request each time. Any answer but 200 raises."""
    parts = urlsplit(url)
    started = time.perf_counter()
    asking: list[_Asking] = []

    def connected() -> _Asking:
        asking.append(_Asking(requests, started + lasting_s))
        return asking[-1]

    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(connected, parts.hostname or "", parts.port or 80)
    async with asyncio.timeout(lasting_s + LAST_ANSWER_S):
        await asyncio.gather(*(one.ended for one in asking))
    took_s = time.perf_counter() - started
    return Round(took_s, [latency for one in asking for latency in one.latencies_s])
