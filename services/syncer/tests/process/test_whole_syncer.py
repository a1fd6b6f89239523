"""The syncer as it is deployed: two replicas on NATS with streams and on PostgreSQL, one market."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.listings import Listing, ListingDetails, RequestListing, TenantListings
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from dropship.contracts.offers import Evidence, OfferObserved
from dropship.contracts.products import PriceChanged, ProductDescribed, ProductWatched, StockChanged
from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    Store,
    StoreDetails,
    StoreMode,
)
from dropship.runtime.clock import SystemClock
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Log, Servers, deployed, eventually
from dropship.syncer.app import wire
from dropship.syncer.settings import SyncerSettings

SEAL_KEY = SecretStr(base64.b64encode(b"k" * 32).decode())


def usd(amount: str) -> Money:
    return Money(amount, "USD")


class House:
    """What the others tell on the log of one product and of the listing that sells it."""

    def __init__(self, log: Log, product: str) -> None:
        self._log, self.product = log, product

    async def says(self, event: Event) -> None:
        await self._log.says(event, self.product)

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


@pytest.fixture
async def pair(
    servers: Servers, topology_with: Any, market: Any, kettle: str
) -> AsyncIterator[tuple[House, Service]]:
    """Two replicas with one marketplace, the log they listen to, and one of them to ask through."""
    topology = topology_with({"dropship.marketplaces": [market.name]})

    def built(told: dict[str, Any]) -> Service:
        settings = SyncerSettings(**{**told, "seal_key": SEAL_KEY})
        return wire(Service("syncer", settings), settings, {market.name: market})

    async with (
        deployed(servers, "syncer", topology) as syncer,
        syncer.living(built, "syncer-1", "syncer-2") as service,
    ):
        yield House(syncer.log, kettle), service
    assert market.closed, "whoever leaves closes what its marketplaces have open"


async def asks(service: Service, question: Any, tenant: str = "anna") -> Any:
    answer = await service.asker.ask(question, tenant=tenant)
    return msgspec.json.decode(answer, type=type(question).answer)


async def connected(service: Service, market: Any) -> Store:
    """Connected by the workers."""
    wish = ConnectStore(
        marketplace=market.name, account="demo", name="Anna's", client_id="i", client_secret="s"
    )
    store: Store = await asks(service, wish)
    shown: list[Store] = []

    async def is_connected() -> bool:
        shown[:] = [await asks(service, StoreDetails(store_id=store.id))]
        return shown[0].status == "connected"

    await eventually(is_connected, within_s=20, what="the store is connected")
    return shown[0]


async def a_store(service: Service, market: Any) -> Store:
    """Connected, and switched live."""
    store = await connected(service, market)
    live: Store = await asks(service, AmendStore(store_id=store.id, mode=StoreMode.live))
    return live


async def a_listing(house: House, service: Service, store: Store) -> Listing:
    """Requested as soon as the product is known."""
    await house.tells_of_the_product()

    async def listed() -> Listing | None:
        try:
            wish = RequestListing(store_id=store.id, product_id=house.product)
            listing: Listing = await asks(service, wish)
        except Refused:
            return None
        return listing

    listing = await eventually(listed, within_s=20, what="the product is known to be watched")
    assert listing is not None
    return listing


async def stands_at(service: Service, listing: Listing, price: str) -> None:
    async def stands() -> bool:
        shown: Listing = await asks(service, ListingDetails(listing_id=listing.id))
        return (shown.status, shown.price) == ("Active", usd(price))

    await eventually(stands, within_s=30, what=f"it is on sale for {price}")


async def test_a_decision_becomes_a_listing_even_when_the_answers_get_lost(
    pair: tuple[House, Service], market: Any
) -> None:
    house, service = pair
    listing = await a_listing(house, service, await a_store(service, market))
    market.faults = ["lost after", None, "lost after"]
    await house.decides(listing, 1, "26.33")
    await stands_at(service, listing, "26.33")
    await house.decides(listing, 3, "30.00")
    await house.decides(listing, 2, "22.00")
    await stands_at(service, listing, "30.00")
    made = [call for call in market.calls if call[0] != "find"]
    assert made == [("create", (2633, 5)), ("publish", None), ("price", 3000)]
    assert (await asks(service, TenantListings(), tenant="bert")).items == []


async def test_a_store_taken_away_and_connected_again_is_the_same_and_catches_up(
    pair: tuple[House, Service], market: Any
) -> None:
    house, service = pair
    store = await a_store(service, market)
    listing = await a_listing(house, service, store)
    await house.decides(listing, 1, "26.33")
    await stands_at(service, listing, "26.33")
    left: Store = await asks(service, DisconnectStore(store_id=store.id))
    assert left.status_reason == "1 listing stays on the marketplace as it is"
    market.calls.clear()
    await house.decides(listing, 2, "30.00")
    again = await connected(service, market)
    assert (again.id, again.mode) == (store.id, StoreMode.live)
    await stands_at(service, listing, "30.00")
    assert market.calls == [("find", listing.id), ("price", 3000)]
