"""A service as it is deployed: replicas on a real log, and the others as far as these can tell."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import nats

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.contracts.messages import Event
from dropship.runtime.bus import MSG_ID
from dropship.runtime.clock import SystemClock
from dropship.runtime.embedded import NatsServer
from dropship.runtime.journal import subject_of
from dropship.runtime.service import Service
from dropship.runtime.testing.scene import envelope_of
from dropship.runtime.testing.servers import ADMIN, Servers, settings_for
from dropship.runtime.testing.waiting import eventually
from dropship.runtime.topology import Topology

READY_WITHIN_S = 30
DRAINED_WITHIN_S = 15


@asynccontextmanager
async def living(service: Service) -> AsyncIterator[Service]:
    """The service lives, is ready, and has drained at the end."""
    stop = asyncio.Event()
    life = asyncio.create_task(service.live(stop))
    try:
        async with httpx.AsyncClient() as http:

            async def ready() -> bool:
                if life.done():
                    life.result()
                url = f"http://127.0.0.1:{service.health_port}/health/ready"
                try:
                    return (await http.get(url)).status_code == 200
                except httpx.TransportError:
                    return False

            what = f"{service.name} is ready"
            await eventually(ready, within_s=READY_WITHIN_S, what=what)
        yield service
    finally:
        stop.set()
        await asyncio.wait_for(life, DRAINED_WITHIN_S)


class Log:
    """The other services, as far as this one can tell: what is on the log."""

    def __init__(self, client: Any) -> None:
        self._stream = client.jetstream()
        self._said = 0

    async def says(
        self, event: Event, key: str, tenant: str | None = None, **more: Any
    ) -> Envelope:
        """The owner of the event says it; `more` is of its envelope, as `envelope_of` takes it."""
        self._said += 1
        envelope = envelope_of(
            event, self._said, key=key, at=SystemClock().now(), tenant=tenant, **more
        )
        subject = subject_of(type(event), key, getattr(event, "source", event.owner))
        payload = msgspec.json.encode(envelope)
        await self._stream.publish(subject, payload, headers={MSG_ID: envelope.id})
        return envelope

    async def newest(self, event: type[Event], key: str) -> Envelope:
        """The last of these in the key's partition. Raises LookupError if it has another key."""
        envelope = await self.last("EVENTS", subject_of(event, key, event.owner))
        if envelope.partitionkey != key:
            raise LookupError(key)
        return envelope

    async def last(self, stream: str, subject: str) -> Envelope:
        """The last message of a subject. Raises LookupError while there is none, or no log."""
        try:
            return open_envelope((await self._stream.get_last_msg(stream, subject)).data)
        except (nats.errors.Error, nats.js.errors.Error) as error:
            raise LookupError(subject) from error


class Deployment:
    """One service's own database and its log, with all streams; nobody lives there yet."""

    def __init__(self, servers: Servers, service: str, server: NatsServer, log: Log) -> None:
        self.servers, self.service, self.server, self.log = servers, service, server, log
        self.database = servers.migrated_database(service)
        self.dsn = servers.app_dsn(self.database, service)

    @asynccontextmanager
    async def living(
        self, build: Callable[[dict[str, Any]], Service], *replicas: str
    ) -> AsyncIterator[Service]:
        """These replicas live and are ready, built from settings; the last one, to ask through."""
        async with AsyncExitStack() as stack:
            for name in replicas:
                password = self.servers.password
                told = settings_for(self.service, self.dsn, self.server.url, password, replica=name)
                service = build(told.model_dump())
                await stack.enter_async_context(living(service))
            yield service


@asynccontextmanager
async def deployed(servers: Servers, service: str, topology: Topology) -> AsyncIterator[Deployment]:
    """Where one service can live as it does in production, without the others."""
    async with servers.nats(topology) as server:
        client = await nats.connect(
            server.url,
            user=ADMIN,
            password=servers.password,
            reconnect_time_wait=0.1,
            max_reconnect_attempts=-1,
        )
        try:
            yield Deployment(servers, service, server, Log(client))
        finally:
            await client.close()
