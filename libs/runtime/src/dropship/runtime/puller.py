"""A continuous pull on one JetStream consumer, by callback, with its heartbeats watched.

`fetch` of nats-py costs six times the CPU and hangs across a server restart (nats.md 3.8). Here the
server streams into a bounded buffer, and two missed heartbeats mean: this consumer is gone, make a
new one.
"""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from dropship.runtime.bus import ApiError, Bus, Uncertain

EXPIRES_S = 30.0
HEARTBEAT_S = 1.0
MISSED_HEARTBEATS = 2


class Position(NamedTuple):
    """Where a delivered message stands: its sequence, its time, and what is left behind it."""

    seq: int
    stored_at: datetime
    pending: int
    delivered: int


def position_of(message: Msg) -> Position:
    """Read the position from the acknowledgement subject (9 tokens, or 11 and 12 with a domain)."""
    tokens = message.reply.split(".")
    offset = 0 if len(tokens) == 9 else 2
    return Position(
        seq=int(tokens[5 + offset]),
        stored_at=datetime.fromtimestamp(int(tokens[7 + offset]) / 1e9, UTC),
        pending=int(tokens[8 + offset]),
        delivered=int(tokens[4 + offset]),
    )


class Puller:
    """Keeps `ahead` messages requested or buffered, never more: that is the memory bound.

    After `lost` turns true nothing more arrives; close it and open another.
    """

    def __init__(self, bus: Bus, stream: str, consumer: str, ahead: int) -> None:
        self._bus = bus
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._stream, self._consumer = stream, consumer
        self._ahead = ahead
        self._inbox = bus.client.new_inbox()
        self._buffer: deque[Msg] = deque()
        self._requested = 0
        self._arrived = asyncio.Event()
        self._heard_at = time.monotonic()
        self._subscription: Subscription | None = None
        self._ephemeral = False
        self._breaks = bus.breaks
        self._last = 0
        self.lost = False

    @classmethod
    async def on(cls, bus: Bus, stream: str, consumer: str, ahead: int) -> Self:
        """Pull from a durable consumer that exists."""
        return await cls(bus, stream, consumer, ahead)._begun()

    async def _begun(self) -> Self:
        self._subscription = await self._bus.listen(self._inbox, self._received)
        await self._refill()
        return self

    @classmethod
    async def ephemeral(
        cls, bus: Bus, stream: str, name: str, start: int, filters: list[str], ahead: int
    ) -> Self:
        """Make a memory consumer without acknowledgements from a sequence on, and pull from it."""
        config = {
            "name": name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": max(start, 1),
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 10_000_000_000,
            "filter_subjects": filters,
        }
        body = {"stream_name": stream, "config": config, "action": "create"}
        await bus.api(f"CONSUMER.CREATE.{stream}.{name}", body)
        puller = cls(bus, stream, name, ahead)
        puller._ephemeral = True
        return await puller._begun()

    async def close(self) -> None:
        """Stop receiving; an ephemeral consumer is removed if the server can be reached."""
        if self._subscription is not None and not self._bus.client.is_closed:
            await self._subscription.unsubscribe()
        if self._ephemeral and self._bus.connected:
            try:
                await self._bus.api(
                    f"CONSUMER.DELETE.{self._stream}.{self._consumer}", timeout_s=1.0
                )
            except (ApiError, Uncertain):
                self.lost = True

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def left(self) -> list[Msg]:
        """What arrived and was not taken, after closing: it must be given back."""
        return list(self._buffer)

    async def arrived(self) -> None:
        """Return when something is buffered, or nothing will come any more."""
        self._check_heartbeat()
        while not self._buffer and not self.lost:
            await self._refill()  # the last one may have met a lost connection
            self._arrived.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._arrived.wait()
            except TimeoutError:
                self._check_heartbeat()

    async def take(self, most: int, wait_s: float) -> list[Msg]:
        """What has arrived, at most `most`; waits up to `wait_s` for the first one only."""
        if not self._buffer:
            self._check_heartbeat()
            if self.lost:
                return []
            self._arrived.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
            except TimeoutError:
                self._check_heartbeat()
        taken = [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]
        await self._refill()
        return taken

    def _check_heartbeat(self) -> None:
        if self._ephemeral and self._breaks != self._bus.breaks:
            self.lost = True  # whatever was on the line is gone, and nobody will send it again
        if self._requested == 0:
            return
        silent_s = time.monotonic() - self._heard_at
        if silent_s > HEARTBEAT_S * MISSED_HEARTBEATS + 0.5:
            self.lost = True

    def _follows(self, message: Msg) -> bool:
        """Whether nothing is missing between the last message and this one."""
        tokens = message.reply.split(".")
        last, self._last = self._last, int(tokens[6 if len(tokens) == 9 else 8])
        return not self._ephemeral or self._last == last + 1

    async def _received(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        status = message.headers.get("Status") if message.headers and not message.data else None
        if status is None:
            self._requested -= 1
            self.lost = self.lost or not self._follows(message)
            if not self.lost:
                self._buffer.append(message)
        elif status != "100":
            await self._ended(message, status)
        self._arrived.set()

    async def _ended(self, message: Msg, status: str) -> None:
        """A pull request ended early: 404, 408 expired, 409 consumer gone or leader moved."""
        headers: dict[str, Any] = message.headers or {}
        self._requested -= int(headers.get("Nats-Pending-Messages", 0))
        description = str(headers.get("Description", ""))
        if status == "409" and "Deleted" in description:
            self.lost = True
        if not self.lost:
            await self._refill()

    async def _refill(self) -> None:
        self._requested = max(self._requested, 0)
        open_ = self._requested + len(self._buffer)
        if self.lost or open_ * 2 > self._ahead or not self._bus.connected:
            return
        if self._requested == 0:
            self._heard_at = time.monotonic()
        more = self._ahead - open_
        self._requested += more
        request = {
            "batch": more,
            "expires": int(EXPIRES_S * 1e9),
            "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        }
        await self._bus.tell(self._next, msgspec.json.encode(request), reply=self._inbox)
