"""The tracker as it is deployed: two replicas on NATS with streams and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec
import nats
import pytest

from dropship.contracts.envelope import JSON, SPEC, Envelope, open_envelope
from dropship.contracts.ids import partition_of, product_id
from dropship.contracts.imports import ImportRequested
from dropship.contracts.messages import Event
from dropship.contracts.offers import OfferObserved
from dropship.contracts.products import (
    Product,
    ProductDetails,
    StopWatching,
    WatchedProducts,
)
from dropship.runtime.clock import SystemClock
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Servers, eventually, settings_for
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import read
from dropship.tracker.app import build
from dropship.tracker.settings import TrackerSettings

TOPOLOGY = Path(__file__).parents[4] / "cli/src/dropship/cli/topology.toml"
KETTLE = product_id("amazon-com", "B1")
_IDS = UUID("00000000-0000-5000-8000-000000000000")
Offer = Callable[..., OfferObserved]


class Log:
    """The other services, as far as the tracker can tell: what is on the log."""

    def __init__(self, client: Any) -> None:
        self.stream = client.jetstream()
        self.said = 0

    async def says(self, event: Event, key: str, tenant: str | None = None) -> Envelope:
        self.said += 1
        identity = str(uuid5(_IDS, str(self.said)))
        envelope = Envelope(
            specversion=SPEC,
            id=identity,
            source=event.owner,
            type=event.wire_type(),
            subject=key,
            time=SystemClock().now(),
            dataschema="",
            datacontenttype=JSON,
            partitionkey=key,
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=identity,
            tenant=tenant,
        )
        tail = f"{partition_of(key):02d}.{event.noun()}.{event.verb()}"
        subject = f"evt.{tail}"
        if event.stream == "OBSERVATIONS":
            subject = f"obs.{partition_of(key):02d}.amazon-com"
        payload, headers = msgspec.json.encode(envelope), {"Nats-Msg-Id": identity}
        await self.stream.publish(subject, payload, headers=headers)
        return envelope

    async def heard(self, subject: str, stream: str = "EVENTS") -> Envelope | None:
        try:
            return open_envelope((await self.stream.get_last_msg(stream, subject)).data)
        except nats.js.errors.NotFoundError:
            return None


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
                try:
                    url = f"http://127.0.0.1:{service.health_port}/health/ready"
                    return (await http.get(url)).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, within_s=30, what="the tracker is ready")
        yield service
    finally:
        stop.set()
        await asyncio.wait_for(life, 15)


@pytest.fixture
async def pair(servers: Servers) -> AsyncIterator[tuple[Log, Service]]:
    """Two replicas, the log they listen to, and one of the two to ask through."""
    dsn = servers.app_dsn(servers.migrated_database("tracker"), "tracker")
    topology = read(TOPOLOGY.read_text(), lambda _: [])
    async with servers.nats(topology) as server, AsyncExitStack() as stack:
        for name in ("tracker-1", "tracker-2"):
            told = settings_for("tracker", dsn, server.url, servers.password, replica=name)
            settings = TrackerSettings(**{**told.model_dump(), "check_every_s": 1})
            service = await stack.enter_async_context(living(build(settings)))
        client = await nats.connect(server.url, user=ADMIN, password=servers.password)
        stack.push_async_callback(client.close)
        yield Log(client), service


async def test_an_import_becomes_a_look_and_the_look_a_product_that_its_tenant_may_read(
    pair: tuple[Log, Service], offer: Offer
) -> None:
    log, service = pair
    wish = ImportRequested(job_id="job-1", source="amazon-com", external_id="B1")
    request = await log.says(wish, "job-1", tenant="anna")
    order = await eventually(
        lambda: log.heard("work.scraper.amazon.now.scrape_product", "WORK"), within_s=20
    )
    assert order is not None
    assert order.causationid == request.id
    await log.says(offer(), KETTLE)
    subject = f"evt.{partition_of('job-1'):02d}.import.completed"
    completed = await eventually(lambda: log.heard(subject), within_s=20)
    assert completed is not None
    assert (completed.causationid, completed.tenant) == (request.id, "anna")

    answer = await service.asker.ask(ProductDetails(product_id=KETTLE), tenant="anna")
    assert msgspec.json.decode(answer, type=Product).title == "A kettle"
    for question in (ProductDetails(product_id=KETTLE), StopWatching(product_id=KETTLE)):
        with pytest.raises(Refused) as refused:
            await service.asker.ask(question, tenant="bert")
        assert refused.value.kind == "not_found"
    mine = await service.asker.ask(WatchedProducts(), tenant="anna")
    assert len(msgspec.json.decode(mine)["items"]) == 1
    assert await service.asker.ask(StopWatching(product_id=KETTLE), tenant="anna") == b"null"
