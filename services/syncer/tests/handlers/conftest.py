"""A bazaar, which is a marketplace in memory, and stores in it on a real database."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
import pytest_asyncio
from msgspec import Raw

from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.envelope import JSON, SCHEMAS, SPEC, Envelope
from dropship.contracts.messages import Command
from dropship.pricing.money import Money
from dropship.runtime.clock import ManualClock
from dropship.runtime.database import Database
from dropship.runtime.sealing import Sealer
from dropship.runtime.testing import Scene, Servers
from dropship.runtime.working import Task
from dropship.syncer.adapters.errors import AuthExpired, AuthRevoked, MarketplaceError
from dropship.syncer.adapters.port import (
    NO_REFS,
    Access,
    Capabilities,
    Credentials,
    Opened,
    OrdersRead,
    Seen,
    Token,
)
from dropship.syncer.domain.orders import Sold, SoldLine
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.seals import seal_credentials
from memory_market import Market

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TENANT = str(UUID(int=1))
SECRET = "canary-secret-91f0"
IDS = UUID("7c7f9b52-0f53-5a3a-8f39-0c2f6f0a7d31")
PAGE = 2
EMPTIED = ("order_lines", "orders", "listings", "products_known", "store_accounts", "journal")


@dataclass
class Bazaar(Market):
    """One with a door: it grants tokens, opens stores and shows orders by pages of two.

    `ill` is what every call meets with; `granted` are all tokens there ever were, `good` the ones
    it still takes.
    """

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(5.0, 0.0))
    secret: str = SECRET
    currency: str = "USD"
    life: timedelta = timedelta(hours=24)
    ill: MarketplaceError | None = None
    ill_grants: MarketplaceError | None = None
    granted: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    sold: list[Sold] = field(default_factory=list)
    ill_after: int = 1000
    visits: list[str] = field(default_factory=list)

    async def grant(self, account: str, credentials: Credentials, at: datetime) -> Token:
        if self.ill_grants is not None:
            raise self.ill_grants
        if credentials.client_secret != self.secret:
            raise AuthRevoked("unknown client")
        token = f"canary-token-{len(self.granted)}"
        self.granted.append(token)
        self.good.add(token)
        return Token(token, at + self.life)

    def _let_in(self, access: Access) -> None:
        self.visits.append(access.token)
        if access.token not in self.good:
            raise AuthExpired("unknown token")
        if self.ill is not None:
            raise self.ill

    async def open(self, access: Access) -> Opened:
        self._let_in(access)
        return Opened(self.currency, "Anna's", {"place": "7"})

    async def find(
        self, access: Access, key: str, refs: Mapping[str, str] = NO_REFS
    ) -> Seen | None:
        self._let_in(access)
        return None

    async def orders_since(self, access: Access, cursor: str | None, at: datetime) -> OrdersRead:
        self._let_in(access)
        start = int(cursor or 0)
        if start >= self.ill_after:
            raise MarketplaceError("out of paper")
        page = self.sold[start : start + PAGE]
        more = start + PAGE < len(self.sold)
        return OrdersRead(tuple(page), str(start + PAGE if more else 0), more)


class Stores:
    """Stores as `ConnectStore` leaves them, listings in them, and what is said of both."""

    def __init__(self, database: Database, clock: ManualClock, bazaar: Bazaar) -> None:
        self.database, self.clock, self.bazaar = database, clock, bazaar
        self.sealer = Sealer(b"k" * 32)
        self.keyring = Keyring(database, clock, self.sealer, {bazaar.name: bazaar})
        self.scene = Scene(database, list(MESSAGES.values()))
        self._count = 0

    def another_process(self) -> Keyring:
        """The same stores, seen by another replica."""
        return Keyring(self.database, self.clock, self.sealer, {self.bazaar.name: self.bazaar})

    async def add(self, *, status: str = "connected", secret: str = SECRET, **more: Any) -> str:
        self._count += 1
        store = uuid5(IDS, f"store {self._count}")
        sealed = seal_credentials(self.sealer, store, Credentials("an-id", secret))
        row = {
            "id": store,
            "tenant_id": TENANT,
            "marketplace": "bazaar",
            "name": "Anna's",
            "account": f"anna-{self._count}",
            "credentials": sealed,
            "mode": "live",
            "status": status,
            "currency": None if status == "connecting" else "USD",
            "fee_schedule": "shopify-basic",
            "created_at": self.clock.now(),
            "connected_at": None if status == "connecting" else self.clock.now(),
            **more,
        }
        await self._insert("store_accounts", row)
        return str(store)

    async def renews(self, store: str, secret: str) -> None:
        """Other credentials take the place of those that are there."""
        sealed = seal_credentials(self.sealer, UUID(store), Credentials("an-id", secret))
        await self.database.fetch_one(
            "UPDATE store_accounts SET credentials = %s, opens = opens + 1 WHERE id = %s"
            " RETURNING 1",
            (sealed, UUID(store)),
        )

    async def sell(self, store: str, product: int, cost: Money | None) -> str:
        """A listing of a product that costs so much; returns its id."""
        listing, product_id = uuid5(IDS, f"{store}/{product}"), uuid5(IDS, f"product {product}")
        await self._insert(
            "listings",
            {
                "id": listing,
                "tenant_id": TENANT,
                "store_id": UUID(store),
                "product_id": product_id,
                "marketplace": "bazaar",
                "sku": f"DC-{listing.hex[:12]}",
                "currency": "USD",
                "status": "Active",
                "sync": "in_sync",
                "check_at": self.clock.now(),
                "created_at": self.clock.now(),
                "updated_at": self.clock.now(),
            },
        )
        minor, currency = (cost.minor, cost.currency) if cost else (None, None)
        await self.database.fetch_one(
            "INSERT INTO products_known (product_id, cost_minor, cost_currency) VALUES (%s, %s, %s)"
            " ON CONFLICT (product_id) DO UPDATE SET cost_minor = excluded.cost_minor,"
            " cost_currency = excluded.cost_currency RETURNING 1",
            (product_id, minor, currency),
        )
        return str(listing)

    async def _insert(self, table: str, row: dict[str, Any]) -> None:
        names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        await self.database.fetch_one(
            f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING 1",  # noqa: S608
            row,
        )

    async def row(self, store: str, columns: str) -> tuple[Any, ...]:
        row = await self.database.fetch_one(
            f"SELECT {columns} FROM store_accounts WHERE id = %s",  # noqa: S608
            (UUID(store),),
        )
        assert row is not None
        return row

    def task(self, command: Command, attempt: int = 1) -> Task[Any]:
        self._count += 1
        id_ = uuid5(IDS, f"command {self._count}")
        envelope = Envelope(
            specversion=SPEC,
            id=str(id_),
            source="syncer",
            type=command.wire_type(),
            subject=f"command:{id_}",
            time=self.clock.now(),
            dataschema=f"{SCHEMAS}{command.wire_type()}.json",
            datacontenttype=JSON,
            partitionkey=f"command:{id_}",
            data=Raw(msgspec.json.encode(command)),
            correlationid=str(id_),
            tenant=TENANT,
        )
        return Task(command, id_, envelope, attempt, self.clock.now())

    async def done(self, task: Task[Any], doer: Any) -> None:
        """Let a doer do it, and its outcome be written, as the runtime would."""
        outcome = await doer(task)
        async with self.database.transaction(task.envelope) as tx:
            await outcome(tx)


def an_order(number: int, *lines: SoldLine, **more: Any) -> Sold:
    total = sum(line.unit_price.minor * line.quantity for line in lines)
    values: dict[str, Any] = {
        "external_id": str(1000 + number),
        "name": f"#{number}",
        "lines": lines,
        "total": Money(total, "USD"),
        "fees": None,
        "refunded": Money(0, "USD"),
        "paid": True,
        "cancelled_at": None,
        "ordered_at": NOON,
        "updated_at": NOON,
        **more,
    }
    return Sold(**values)


@pytest.fixture(scope="session", name="an_order")
def _an_order() -> Any:
    return an_order


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def bazaar() -> Bazaar:
    return Bazaar()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def migrated(servers: Servers) -> AsyncIterator[Database]:
    async with servers.database_of("syncer", ManualClock(NOON)) as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session")
async def database(migrated: Database, clock: ManualClock) -> Database:
    """One database for all these tests, emptied before each."""
    migrated.clock = clock
    async with migrated.transaction() as tx:
        for table in EMPTIED:
            await tx.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    return migrated


@pytest.fixture
def stores(database: Database, clock: ManualClock, bazaar: Bazaar) -> Stores:
    return Stores(database, clock, bazaar)
