"""What an outsider sees of imports on the log: when each fact of each job went by.

The listener subscribes to the subjects themselves, not to a consumer, so it hears each message as
the server takes it in and costs the stack nothing that an import waits for.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from nats.aio.msg import Msg

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.contracts.imports import ImportCompleted, ImportFailed, ImportRequested
from dropship.contracts.offers import OfferObserved, ScrapeProduct
from dropship.contracts.work import WorkStarted
from dropship.runtime.bus import connected_client

_BY_JOB = {
    kind.wire_type(): kind.__name__
    for kind in (ImportRequested, ScrapeProduct, WorkStarted, ImportCompleted, ImportFailed)
}
_OBSERVED = OfferObserved.wire_type()


class Hops:
    """Epoch seconds by job and fact: when it went by ``on`` the log, and when it was ``said``."""

    def __init__(self) -> None:
        self.on: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self.said: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._commands: dict[str, str] = {}

    async def ended(self, job_id: str) -> None:
        """Wait until the end of the job goes by on the log."""
        async with asyncio.timeout(60):
            await self._ended[job_id].wait()

    async def heard(self, message: Msg) -> None:
        now = time.time()
        envelope = open_envelope(message.data)
        if envelope.type == _OBSERVED:
            job_id = self._commands.get(envelope.causationid or "")
            if job_id is not None:
                self._note(job_id, OfferObserved.__name__, envelope, now)
            return
        name = _BY_JOB.get(envelope.type)
        if name is None:
            return
        job_id = msgspec.json.decode(envelope.data)["job_id"]
        if job_id is None:
            return
        if name == ScrapeProduct.__name__:
            self._commands[envelope.id] = job_id
        self._note(job_id, name, envelope, now)
        if name in (ImportCompleted.__name__, ImportFailed.__name__):
            self._ended[job_id].set()

    def _note(self, job_id: str, name: str, envelope: Envelope, now: float) -> None:
        self.on[job_id].setdefault(name, now)
        self.said[job_id].setdefault(name, envelope.time.timestamp())


@asynccontextmanager
async def listening(nats: dict[str, Any]) -> AsyncIterator[Hops]:
    """Hear everything that concerns imports until the end of the block."""
    client = await connected_client(nats["url"], nats["user"], nats["password"], "benchmark")
    hops = Hops()
    try:
        for subject in ("evt.*.import.*", "evt.*.work.*", "obs.>", "work.scraper.>"):
            await client.subscribe(subject, cb=hops.heard)
        await client.flush()
        yield hops
    finally:
        await client.close()
