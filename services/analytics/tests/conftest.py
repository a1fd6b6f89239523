"""What every analytics test speaks of: a shop's year in events, and a real database to hear it."""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import pytest
import pytest_asyncio

from dropship.analytics.handlers.counting import count
from dropship.analytics.tables import PROJECTIONS
from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.ids import uuid7
from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRequested,
    ListingResumed,
)
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderCancelled, OrderLine, OrderReceived, OrderRefunded
from dropship.contracts.products import ProductDescribed
from dropship.runtime.asking import Asked
from dropship.runtime.clock import ManualClock
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard
from dropship.runtime.testing import Scene, Servers

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_IDS = UUID("00000000-0000-5000-8000-00000000a1a1")


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def cents(minor: int, currency: str = "USD") -> Money:
    """So many hundredths, as they travel."""
    return Money(f"{minor // 100}.{minor % 100:02d}", currency)


def a_line(price: str = "26.33", *, cost: str | None = "20.00", **more: Any) -> OrderLine:
    currency = more.pop("currency", "USD")
    values: dict[str, Any] = {
        "listing_id": "listing-1",
        "product_id": "product-1",
        "sku": "DC-1",
        "quantity": 1,
        "unit_price": Money(price, currency),
        "unit_cost": Money(cost, currency) if cost else None,
        **more,
    }
    return OrderLine(**values)


def an_order(
    name: str, *lines: OrderLine, total: str | None = None, fees: str = "1.06", **more: Any
) -> OrderReceived:
    """An order of these lines; its total is their sum unless told otherwise."""
    lines = lines or (a_line(),)
    currency = more.pop("currency", "USD")
    worth = sum(int(Decimal(line.unit_price.amount) * 100) * line.quantity for line in lines)
    values: dict[str, Any] = {
        "order_id": name,
        "store_id": "store-1",
        "marketplace": "shopify",
        "external_id": f"gid-{name}",
        "lines": lines,
        "total": Money(total, currency) if total else cents(worth, currency),
        "fees": Money(fees, currency),
        "fees_kind": "estimated",
        "ordered_at": NOON,
        **more,
    }
    return OrderReceived(**values)


def a_refund(order: str, amount: str, at: datetime = NOON, **more: Any) -> OrderRefunded:
    money = Money(amount, more.pop("currency", "USD"))
    return OrderRefunded(
        order_id=order,
        store_id=more.pop("store_id", "store-1"),
        amount=money,
        refunded=money,
        ordered_at=NOON,
        refunded_at=at,
    )


class Told(NamedTuple):
    """An event, the key it travels by, and whose it is."""

    event: Event
    key: str
    tenant: str | None


def a_year(seed: int, orders: int, tenants: Sequence[str] = ("anna", "bert")) -> list[Told]:
    """A made-up year of several shops in three currencies, with everything that can happen."""
    drawn = random.Random(seed)  # noqa: S311 - made-up orders
    told: list[Told] = []
    for tenant in tenants:
        for number in range(6):
            told += _a_listing(drawn, tenant, f"{tenant}-product-{number}")
    for number in range(orders):
        told += _an_order_of(drawn, drawn.choice(tenants), f"order-{seed}-{number}")
    return told


def _a_listing(drawn: random.Random, tenant: str, product: str) -> list[Told]:
    store: dict[str, Any] = {
        "listing_id": f"{product}-listing",
        "product_id": product,
        "store_id": f"{tenant}-store",
    }
    at: dict[str, Any] = {**store, "price": usd("9.99"), "quantity": 1, "decision_no": 1}
    paused = ListingPaused(**store, holds=(Hold.out_of_stock,), decision_no=2)
    life: list[Event] = [
        ListingRequested(
            **store, marketplace="shopify", currency="USD", fee_schedule="shopify-basic"
        ),
        ListingPublished(**at, external_id="gid"),
        paused,
        ListingResumed(**at),
        drawn.choice([paused, ListingEnded(**store, reason="user")]),
        ListingDelisted(**store, reason="user"),
    ]
    events = life[: drawn.randint(1, len(life))]
    events[1:1] = [
        ProductDescribed(product_id=product, title=f"{product}, {drawn.choice('abc')}"),
        ProductDescribed(product_id=product, title=f"{product}, {drawn.choice('abc')}"),
    ]
    return [
        Told(event, product, None if isinstance(event, ProductDescribed) else tenant)
        for event in events
    ]


def _an_order_of(drawn: random.Random, tenant: str, name: str) -> list[Told]:
    currency = drawn.choice(("USD", "USD", "EUR", "JPY"))
    store = f"{tenant}-{drawn.choice(('store', 'outlet'))}"
    at = NOON - timedelta(seconds=drawn.randint(0, 40 * 86400))
    lines = [_a_drawn_line(drawn, tenant, currency) for _ in range(drawn.randint(1, 4))]
    total = sum(int(line.unit_price.amount.replace(".", "")) * line.quantity for line in lines)
    received = an_order(
        name,
        *lines,
        total=_amount(total, currency),
        fees=_amount(drawn.randint(0, total // 5), currency),
        currency=currency,
        store_id=store,
        ordered_at=at,
    )
    told: list[Event] = [received]
    if drawn.random() < 0.2:
        told.append(OrderCancelled(order_id=name, store_id=store, cancelled_at=at))
    for _ in range(drawn.choice((0, 0, 0, 1, 1, 2))):
        amount = drawn.randint(1, max(total // 2, 1))
        later = at + timedelta(hours=drawn.randint(0, 100))
        back = _amount(amount, currency)
        told.append(a_refund(name, back, later, currency=currency, store_id=store))
    return [Told(event, name, tenant) for event in told]


def _a_drawn_line(drawn: random.Random, tenant: str, currency: str) -> OrderLine:
    product = f"{tenant}-product-{drawn.randint(0, 5)}"
    known = drawn.random() < 0.9
    return a_line(
        _amount(drawn.randint(1, 20000), currency),
        cost=_amount(drawn.randint(1, 15000), currency) if drawn.random() < 0.8 else None,
        currency=currency,
        quantity=drawn.randint(1, 3),
        listing_id=f"{product}-listing" if known else None,
        product_id=product if known or drawn.random() < 0.5 else None,
    )


def _amount(minor: int, currency: str) -> str:
    return str(minor) if currency == "JPY" else cents(minor).amount


def interleaved(told: Iterable[Told], seed: int) -> list[Told]:
    """The same events in another order that keeps the order of every key."""
    drawn = random.Random(seed)  # noqa: S311 - made-up orders
    by_key: dict[str, list[Told]] = {}
    for one in told:
        by_key.setdefault(one.key, []).append(one)
    turns = [key for key, events in by_key.items() for _ in events]
    drawn.shuffle(turns)
    queues = {key: iter(events) for key, events in by_key.items()}
    return [next(queues[key]) for key in turns]


class Words(NamedTuple):
    """How tests speak of orders."""

    line: Callable[..., OrderLine] = a_line
    order: Callable[..., OrderReceived] = an_order
    refund: Callable[..., OrderRefunded] = a_refund
    year: Callable[..., list[Told]] = a_year
    interleaved: Callable[..., list[Told]] = interleaved


@pytest.fixture(scope="session")
def words() -> Words:
    return Words()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest_asyncio.fixture
async def database(servers: Servers, clock: ManualClock) -> AsyncIterator[Database]:
    async with servers.database_of("analytics", clock) as database:
        yield database


class Story:
    """Analytics on a real database: what it hears, and what it then remembers."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.scene = Scene(database, list(MESSAGES.values()))

    def heard(self, event: Event, *, tenant: str | None = "anna", key: str = "k") -> Heard[Any]:
        """The event as it comes from the log; its id follows from what it says, as in truth."""
        heard = self.scene.heard(event, key=key, tenant=tenant)
        id_ = uuid5(_IDS, f"{tenant}/{event!r}")
        envelope = type(heard.envelope)(
            **{
                name: getattr(heard.envelope, name)
                for name in heard.envelope.__struct_fields__
                if name != "id"
            },
            id=str(id_),
        )
        return Heard(heard.event, envelope, heard.seq, heard.stored_at)

    async def hears(self, *events: Event, tenant: str | None = "anna") -> None:
        """Hear these in one transaction."""
        await self.scene.hears_many(count, *(self.heard(e, tenant=tenant) for e in events))

    async def hears_all(self, told: Sequence[Told], batch: int = 500) -> None:
        """Hear these in transactions of so many."""
        for start in range(0, len(told), batch):
            heard = [
                self.heard(one.event, tenant=one.tenant, key=one.key)
                for one in told[start : start + batch]
            ]
            await self.scene.hears_many(count, *heard)

    async def forgets(self) -> None:
        """Empty every table."""
        async with self.database.transaction() as tx:
            for table in reversed(PROJECTIONS):
                await tx.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own names

    async def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return await self.database.fetch_all(
            f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3"  # noqa: S608 - names from tests
        )

    async def remembers(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return {
            table.name: await self.database.fetch_all(
                f"SELECT * FROM {table.name} ORDER BY "  # noqa: S608 - our own names
                + ", ".join(table.primary_key.columns.keys())
            )
            for table in PROJECTIONS
        }

    def asked(self, question: Any, *, tenant: str = "anna") -> Asked[Any]:
        return Asked(question, tenant, None, uuid7(), self.clock.now())


@pytest.fixture
def story(database: Database, clock: ManualClock) -> Story:
    return Story(database, clock)
