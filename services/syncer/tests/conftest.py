"""Anna's shop on a real database, and the syncer's handlers.

`Story` stands for the runtime's workers too: it claims, calls, looks up and writes outcomes as they
do, but when the test says so and by the test's clock.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from dropship.contracts.availability import Availability
from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.envelope import open_envelope
from dropship.contracts.ids import product_id, uuid7
from dropship.contracts.listings import BringListing, Listing, RequestListing
from dropship.contracts.messages import Command, Event
from dropship.contracts.money import Money as Wire
from dropship.contracts.offers import Evidence, OfferObserved
from dropship.contracts.products import (
    PriceChanged,
    ProductDescribed,
    ProductWatched,
    StockChanged,
)
from dropship.contracts.reading import Reader
from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    OpenStore,
    PollOrders,
    Store,
    StoreMode,
)
from dropship.runtime import claims
from dropship.runtime.asking import Asked
from dropship.runtime.clock import ManualClock
from dropship.runtime.database import Database
from dropship.runtime.errors import Retry, Unknown
from dropship.runtime.sealing import Sealer
from dropship.runtime.testing import Scene, Servers
from dropship.runtime.working import Task
from dropship.syncer.adapters.port import Capabilities, Shown
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.bring_listing import BringEffect
from dropship.syncer.handlers.check_listing import Checking
from dropship.syncer.handlers.hearing_looks import Looks
from dropship.syncer.handlers.hearing_products import Products
from dropship.syncer.handlers.keeping_stores import Stores, amend_store
from dropship.syncer.handlers.minding_listings import order_due_brings
from dropship.syncer.handlers.opening_stores import Opening
from dropship.syncer.handlers.polling_orders import Polling
from dropship.syncer.handlers.releasing_work import Releasing
from dropship.syncer.handlers.requesting_listings import Requesting
from memory_market import Market

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
KETTLE = product_id("amazon-com", "B1")
LEASE_S = 10_800.0
SECRET = "canary-secret-7d31"
EVIDENCE = Evidence(method="css", parser="1", content_sha256="00")


@dataclass
class Delivery:
    """A message in the queue, and how often it was handed out."""

    lane: str
    task: Task[Any]
    times: int = 0


class Story:
    """One tenant's store and listings; time stands still unless `clock` is advanced."""

    tenant = "anna"
    kettle = KETTLE
    secret = SECRET
    lease_s = LEASE_S

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.market = Market()
        self.scene = Scene(database, list(MESSAGES.values()))
        self.sealer = Sealer(b"k" * 32)
        self.marketplaces = {self.market.name: self.market}
        self.keyring = Keyring(database, clock, self.sealer, self.marketplaces)
        self.bringing = BringEffect(database, self.keyring, self.market.capabilities)
        self.releasing = Releasing(poll_every_s=60, check_every_s=3600)
        self.queue: list[Delivery] = []
        self.store_id = ""
        self._read_to = 0
        self._events: list[Event] = []

    async def hears(self, event: Event) -> None:
        looked = isinstance(event, OfferObserved)
        handler = Looks(LEASE_S).hear if looked else Products(LEASE_S).hear
        key = getattr(event, "product_id", "")
        heard = self.scene.heard(event, key=key, tenant=None, at=self.clock.now())
        await self.scene.hears_many(handler, heard)

    def asked(self, question: Any, *, tenant: str = "anna") -> Asked[Any]:
        return Asked(question, tenant, None, uuid7(), self.clock.now())

    async def obeys(self, obeyer: Any, question: Any, *, tenant: str = "anna") -> Any:
        asked = self.asked(question, tenant=tenant)
        async with self.database.transaction(tenant=tenant, command_id=asked.command_id) as tx:
            return msgspec.json.decode(await obeyer(asked, tx))

    async def connects(self, account: str = "demo", *, live: bool = True, **more: Any) -> str:
        """Connect a store, have it opened, and switch it live."""
        wish = {"client_id": "an-id", "client_secret": SECRET, **more}
        connect = ConnectStore(marketplace="bazaar", account=account, name="Anna's", **wish)
        obeyer = Stores(self.sealer, self.marketplaces).connect_store
        self.store_id = (await self.obeys(obeyer, connect))["id"]
        await self.works()
        if live:
            await self.amends_store(mode=StoreMode.live)
            await order_due_brings(self.database)
        return self.store_id

    async def amends_store(self, **wish: Any) -> Store:
        answer = await self.obeys(amend_store, AmendStore(store_id=self.store_id, **wish))
        return msgspec.convert(answer, Store)

    async def requests(self, **wish: Any) -> str:
        wish = {"store_id": self.store_id, "product_id": KETTLE, **wish}
        answer = await self.obeys(Requesting(3600).request_listing, RequestListing(**wish))
        return str(msgspec.convert(answer, Listing).id)

    async def watches(self, tenant: str = "anna", product: str = KETTLE) -> None:
        await self.hears(ProductWatched(product_id=product, tenant_id=tenant))

    async def costs(self, cost: str | None, product_id: str = KETTLE) -> None:
        new, at = Wire(cost, "USD") if cost else None, self.clock.now()
        await self.hears(PriceChanged(product_id=product_id, old=None, new=new, observed_at=at))

    async def stocks(self, availability: Availability = Availability.in_stock) -> None:
        moved: dict[str, Any] = {
            "old": None,
            "old_quantity": None,
            "new": availability,
            "new_quantity": None,
        }
        at = self.clock.now()
        await self.hears(StockChanged(product_id=KETTLE, observed_at=at, **moved))

    async def looks(self, cost: str = "20.00", **more: Any) -> None:
        values: dict[str, Any] = {"availability": Availability.in_stock, **more}
        what = {"product_id": KETTLE, "source": "amazon-com", "external_id": "B1"}
        price, at = Wire(cost, "USD"), self.clock.now()
        values = {**what, "title": "A kettle", "price": price, "observed_at": at, **values}
        await self.hears(OfferObserved(evidence=EVIDENCE, **values))

    async def decides(self, listing: str, number: int, price: str | None, **more: Any) -> None:
        values: dict[str, Any] = {
            "floor": Wire("21.00", "USD"),
            "quantity": 5,
            "holds": (),
            "cost": Wire("20.00", "USD"),
            "availability": Availability.in_stock,
            "price": Wire(price, "USD") if price else None,
            **dict.fromkeys(("stock", "policy_id", "policy_version", "fee_schedule")),
            **more,
        }
        values = {"product_id": KETTLE, "store_id": self.store_id, **values}
        values["listing_id"] = listing
        at = self.clock.now()
        await self.hears(DecisionMade(decision_no=number, reasons=(), decided_at=at, **values))

    async def _collect(self) -> None:
        """Take what was said since the last time: orders into the queue, facts to be asked for."""
        rows = await self.database.fetch_all(
            "SELECT position, stream, subject, payload FROM journal WHERE position > %s"
            " ORDER BY position",
            (self._read_to,),
        )
        reader = Reader(list(MESSAGES.values()))
        for position, stream, subject, payload in rows:
            self._read_to = position
            envelope = open_envelope(bytes(payload))
            message = reader.read(envelope)
            if stream == "WORK":
                assert isinstance(message, Command)
                task = Task(message, UUID(envelope.id), envelope, 0, self.clock.now())
                self.queue.append(Delivery(subject.split(".")[3], task))
            else:
                assert isinstance(message, Event)
                self._events.append(message)

    async def said(self) -> list[Any]:
        """The facts said since the last time anybody asked."""
        await self._collect()
        events, self._events = self._events, []
        return events

    async def works(self) -> None:
        """Do everything in the queue, the most urgent first, until it is empty or only waits."""
        waiting: list[Delivery] = []
        await self._collect()
        while self.queue:
            self.queue.sort(key=lambda one: ["now", "soon", "later"].index(one.lane))
            delivery = self.queue.pop(0)
            if not await self.delivers(delivery):
                waiting.append(delivery)
            await self._collect()
        self.queue = waiting

    async def goes_on(self, seconds: float) -> None:
        """Time passes, what was put off is due, and the workers take it up."""
        self.clock.advance(seconds)
        await order_due_brings(self.database)
        await self.works()

    async def delivers(self, delivery: Delivery) -> bool:
        """Hand one message out, as the runtime would; False when it must come again later."""
        delivery.times += 1
        command = delivery.task.command
        if not isinstance(command, BringListing):
            await self._does(changed(delivery.task, at=self.clock.now()))
            return True
        try:
            claim = await self._claim(delivery, command)
            if claim is None:
                return True
            task = changed(delivery.task, attempt=claim.attempt, at=self.clock.now())
            outcome = await self.bringing.find(task) if claim.again else None
            outcome = outcome or await self.bringing.call(task)
        except (Retry, Unknown):
            return False
        async with self.database.transaction(task.envelope) as tx:
            await claims.finish(tx, task.command_id, task.attempt, "done")
            await outcome(tx)
        return True

    async def _claim(self, delivery: Delivery, command: BringListing) -> claims.Claim | None:
        async with self.database.transaction(delivery.task.envelope) as tx:
            settles_s = self.bringing.deadline_s + self.bringing.read_lag_s
            settle_at = tx.at + timedelta(seconds=settles_s)
            key = self.bringing.natural_key(command)
            id_ = delivery.task.command_id
            wanted = claims.Wanted(id_, "BringListing", "w", delivery.times, key, settle_at)
            return await claims.take(tx, wanted)

    async def _does(self, task: Task[Any]) -> None:
        doer: Any = Checking(self.database, self.keyring, 1.0).check_listing
        if isinstance(task.command, OpenStore):
            doer = Opening(self.database, self.keyring).open_store
        if isinstance(task.command, PollOrders):
            doer = Polling(self.database, self.keyring).poll_orders
        outcome = await doer(task)
        async with self.database.transaction(task.envelope) as tx:
            await outcome(tx)

    async def row(self, listing: str, columns: str = "status") -> Any:
        row = await self.database.fetch_one(
            f"SELECT {columns} FROM listings WHERE id = %s",  # noqa: S608 - names from tests
            (UUID(listing),),
        )
        assert row is not None
        return row[0] if len(row) == 1 else row

    def stands(self, listing: str) -> tuple[Shown, int, int]:
        """What the marketplace shows: how, at which price in cents, how many."""
        seen = self.market.there[listing]
        return seen.shown, seen.price.minor, seen.quantity

    async def a_product(self) -> None:
        """The kettle is known, watched, and was looked at right now."""
        await self.watches()
        await self.hears(ProductDescribed(product_id=KETTLE, title="A kettle"))
        await self.costs("20.00")
        await self.stocks()
        await self.looks()

    async def lists(self, price: str = "26.33") -> str:
        """An Active listing of the kettle at a price, five of them; nothing of it is unread."""
        if not self.store_id:
            await self.connects()
            await self.a_product()
        listing = await self.requests()
        await self.decides(listing, 1, price)
        await self.works()
        assert await self.row(listing) == "Active"
        await self.said()
        self.market.made()
        return listing


@pytest_asyncio.fixture(loop_scope="session")
async def story(servers: Servers) -> AsyncIterator[Story]:
    clock = ManualClock(NOON)
    async with servers.database_of("syncer", clock) as database:
        yield Story(database, clock)


@pytest.fixture
def market() -> Market:
    """A marketplace whose calls settle at once."""
    return Market(capabilities=Capabilities(2.0, 0.1))


@pytest.fixture(scope="session")
def kettle() -> str:
    return KETTLE


@pytest.fixture(scope="session")
def wire() -> type[Wire]:
    return Wire
