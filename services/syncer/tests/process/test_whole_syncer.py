"""The syncer as it is deployed: two replicas on NATS with streams and on PostgreSQL, one market."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec
import nats
import pytest
from pydantic import SecretStr

from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.envelope import JSON, SPEC, Envelope
from dropship.contracts.ids import partition_of
from dropship.contracts.listings import Listing, ListingDetails, RequestListing, TenantListings
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from dropship.contracts.offers import Evidence, OfferObserved
from dropship.contracts.products import PriceChanged, ProductDescribed, ProductWatched, StockChanged
from dropship.contracts.stores import AmendStore, ConnectStore, Store, StoreDetails, StoreMode
from dropship.runtime.clock import SystemClock
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Servers, eventually, settings_for
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import read
from dropship.syncer.app import wire
from dropship.syncer.settings import SyncerSettings

TOPOLOGY = Path(__file__).parents[4] / "cli/src/dropship/cli/topology.toml"
SEAL_KEY = SecretStr(base64.b64encode(b"k" * 32).decode())
_IDS = UUID("00000000-0000-5000-8000-000000000000")


def usd(amount: str) -> Money:
    return Money(amount, "USD")


class Log:
    """The other services, as far as the syncer can tell: what is on the log."""

    def __init__(self, client: Any, product: str) -> None:
        self.stream, self.product, self.said = client.jetstream(), product, 0

    async def says(self, event: Event) -> None:
        self.said += 1
        identity = str(uuid5(_IDS, str(self.said)))
        envelope = Envelope(
            specversion=SPEC,
            id=identity,
            source=event.owner,
            type=event.wire_type(),
            subject=self.product,
            time=SystemClock().now(),
            dataschema="",
            datacontenttype=JSON,
            partitionkey=self.product,
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=identity,
        )
        part = f"{partition_of(self.product):02d}"
        subject = f"evt.{part}.{event.noun()}.{event.verb()}"
        if event.stream == "OBSERVATIONS":
            subject = f"obs.{part}.amazon-com"
        headers = {"Nats-Msg-Id": identity}
        await self.stream.publish(subject, msgspec.json.encode(envelope), headers=headers)

    async def tells_of_the_product(self) -> None:
        product, now = self.product, SystemClock().now()
        stock = Availability.in_stock
        await self.says(ProductWatched(product_id=product, tenant_id="anna"))
        await self.says(ProductDescribed(product_id=product, title="A kettle"))
        await self.says(
            PriceChanged(product_id=product, old=None, new=usd("20.00"), observed_at=now)
        )
        await self.says(
            StockChanged(
                product_id=product,
                old=None,
                old_quantity=None,
                new=stock,
                new_quantity=None,
                observed_at=now,
            )
        )
        await self.says(
            OfferObserved(
                product_id=product,
                source="amazon-com",
                external_id="B1",
                title="A kettle",
                price=usd("20.00"),
                availability=stock,
                observed_at=now,
                evidence=Evidence(method="css", parser="1", content_sha256="00"),
            )
        )

    async def decides(self, listing: Listing, number: int, price: str) -> None:
        await self.says(
            DecisionMade(
                listing_id=listing.id,
                product_id=self.product,
                store_id=listing.store_id,
                decision_no=number,
                price=usd(price),
                floor=usd("21.00"),
                quantity=5,
                holds=(),
                reasons=(),
                cost=usd("20.00"),
                availability=Availability.in_stock,
                stock=None,
                policy_id=None,
                policy_version=None,
                fee_schedule=None,
                decided_at=SystemClock().now(),
            )
        )


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

            await eventually(ready, within_s=30, what="the syncer is ready")
        yield service
    finally:
        stop.set()
        await asyncio.wait_for(life, 15)


@pytest.fixture
async def pair(servers: Servers, market: Any, kettle: str) -> AsyncIterator[tuple[Log, Service]]:
    """Two replicas with one marketplace, the log they listen to, and one of them to ask through."""
    dsn = servers.app_dsn(servers.migrated_database("syncer"), "syncer")
    groups = {"dropship.marketplaces": [market.name]}
    topology = read(TOPOLOGY.read_text(), lambda group: groups.get(group, []))
    async with servers.nats(topology) as server, AsyncExitStack() as stack:
        for name in ("syncer-1", "syncer-2"):
            told = settings_for("syncer", dsn, server.url, servers.password, replica=name)
            settings = SyncerSettings(**{**told.model_dump(), "seal_key": SEAL_KEY})
            service = wire(Service("syncer", settings), settings, {market.name: market})
            await stack.enter_async_context(living(service))
        client = await nats.connect(server.url, user=ADMIN, password=servers.password)
        stack.push_async_callback(client.close)
        yield Log(client, kettle), service


async def asks(service: Service, question: Any, tenant: str = "anna") -> Any:
    answer = await service.asker.ask(question, tenant=tenant)
    return msgspec.json.decode(answer, type=type(question).answer)


async def a_store(service: Service, market: Any) -> Store:
    """Connected by the workers, and switched live."""
    wish = ConnectStore(
        marketplace=market.name, account="demo", name="Anna's", client_id="i", client_secret="s"
    )
    store: Store = await asks(service, wish)

    async def connected() -> bool:
        shown: Store = await asks(service, StoreDetails(store_id=store.id))
        return shown.status == "connected"

    await eventually(connected, within_s=20, what="the store is connected")
    live: Store = await asks(service, AmendStore(store_id=store.id, mode=StoreMode.live))
    return live


async def test_a_decision_becomes_a_listing_even_when_the_answers_get_lost(
    pair: tuple[Log, Service], market: Any, kettle: str
) -> None:
    log, service = pair
    store = await a_store(service, market)
    await log.tells_of_the_product()

    async def listed() -> Listing | None:
        try:
            wish = RequestListing(store_id=store.id, product_id=kettle)
            listing: Listing = await asks(service, wish)
        except Refused:
            return None
        return listing

    listing = await eventually(listed, within_s=20, what="the product is known to be watched")
    assert listing is not None
    market.faults = ["lost after", None, "lost after"]
    await log.decides(listing, 1, "26.33")

    async def stands(price: str) -> bool:
        shown: Listing = await asks(service, ListingDetails(listing_id=listing.id))
        return (shown.status, shown.price) == ("Active", usd(price))

    await eventually(lambda: stands("26.33"), within_s=30, what="it is on sale")
    await log.decides(listing, 3, "30.00")
    await log.decides(listing, 2, "22.00")
    await eventually(lambda: stands("30.00"), within_s=30, what="the price has followed")
    made = [call for call in market.calls if call[0] != "find"]
    assert made == [("create", (2633, 5)), ("publish", None), ("price", 3000)]
    assert (await asks(service, TenantListings(), tenant="bert")).items == []
