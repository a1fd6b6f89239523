"""What the tests of the service speak of: a kettle, its sellers, policy on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.ids import product_id, uuid7
from dropship.contracts.listings import ListingAmended, ListingRequested
from dropship.contracts.messages import Event, Message
from dropship.contracts.money import Money
from dropship.contracts.policies import DefinePolicy, Policy, PriceRule, Rules
from dropship.contracts.products import PriceChanged, ProductImported, StockChanged
from dropship.contracts.tenants import TenantOpened
from dropship.policy.handlers.deciding_again import decide_again, mark_revisits
from dropship.policy.handlers.defining_policies import define_policy
from dropship.policy.handlers.hearing_listings import hear_wish
from dropship.policy.handlers.hearing_orders import forget_sales, hear_order
from dropship.policy.handlers.hearing_outcomes import hear_end, hear_progress, hear_trouble
from dropship.policy.handlers.hearing_products import hear_products
from dropship.policy.handlers.hearing_stores import hear_store
from dropship.policy.handlers.hearing_suppliers import hear_supplier
from dropship.policy.handlers.hearing_tenants import hear_tenant
from dropship.runtime.asking import Asked
from dropship.runtime.clock import ManualClock
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause
from dropship.runtime.service import heard_types
from dropship.runtime.testing import Scene, Servers

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NAMES = UUID("00000000-0000-5000-8000-000000000001")
LOOK = "11111111-1111-5111-8111-111111111111"


def named(name: str) -> str:
    """The id of a tenant, store or listing that a test calls by name."""
    return str(uuid5(NAMES, name))


def usd(text: str | None) -> Money | None:
    return Money(text, "USD") if text is not None else None


def some_rules(value: str = "0.20", **sections: Any) -> Rules:
    return Rules(price=PriceRule(basis="margin_on_price", value=value), **sections)


def price_changed(new: str | None, old: str | None = None, item: str = "B1") -> PriceChanged:
    product = product_id("amazon-com", item)
    return PriceChanged(product_id=product, old=usd(old), new=usd(new), observed_at=NOON)


def stock_changed(
    new: Availability = Availability.in_stock,
    quantity: int | None = 50,
    item: str = "B1",
    *,
    at: datetime = NOON,
    **more: Any,
) -> StockChanged:
    return StockChanged(
        product_id=product_id("amazon-com", item),
        old=None,
        old_quantity=None,
        new=new,
        new_quantity=quantity,
        observed_at=at,
        **more,
    )


HANDLERS: dict[type[Event], Callable[..., Awaitable[None]]] = {
    type_: handler
    for handler in (
        hear_products,
        hear_wish,
        hear_progress,
        hear_trouble,
        hear_end,
        hear_order,
        hear_store,
        hear_supplier,
        hear_tenant,
    )
    for type_ in heard_types(handler)
}


class Story:
    """Policy on a real database: what it hears, and what it then says.

    Time stands still until `story.clock` is advanced.
    """

    anna, bert = named("anna"), named("bert")
    kettle = product_id("amazon-com", "B1")

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.scene = Scene(database, list(MESSAGES.values()))

    def id_of(self, name: str) -> str:
        return named(name)

    def product(self, item: str) -> str:
        return product_id("amazon-com", item)

    async def hears(
        self,
        event: Event,
        *,
        tenant: str | None = None,
        actor: str | None = None,
        because: str = LOOK,
    ) -> list[Message]:
        """Hear this in a transaction of its own, and return what was said."""
        return await self.hears_all(self.heard(event, tenant, actor, because))

    async def hears_all(self, *heard: Heard[Any]) -> list[Message]:
        """Hear these in one transaction, and return what was said."""
        handler = self.handler_of(heard[0])
        if handler is hear_products:
            await self.scene.hears_many(handler, *heard)
        else:
            await self.scene.hears(handler, *heard)
        return await self.scene.said()

    def heard(
        self,
        event: Event,
        tenant: str | None = None,
        actor: str | None = None,
        because: str = LOOK,
    ) -> Heard[Any]:
        """The event as it would come from the log, its cause being somebody's look."""
        names = ("product_id", "order_id", "store_id")
        key = next((found for name in names if (found := getattr(event, name, None))), "key")
        heard = self.scene.heard(event, key=key, tenant=tenant, at=self.clock.now())
        envelope = msgspec.structs.replace(heard.envelope, causationid=because, actor=actor)
        return replace(heard, envelope=envelope)

    def handler_of(self, heard: Heard[Any]) -> Callable[..., Awaitable[None]]:
        return HANDLERS[type(heard.event)]

    async def stocks(self, item: str = "B1", cost: str = "20.00") -> None:
        """A supplier's product is imported: it costs this, and there are fifty."""
        source = "amazon-com"
        imported = ProductImported(
            product_id=product_id(source, item), source=source, external_id=item
        )
        for event in (imported, price_changed(cost, item=item), stock_changed(item=item)):
            await self.hears(event)

    async def lists(
        self, name: str = "listing", *, item: str = "B1", tenant: str = "anna", **wish: Any
    ) -> list[Message]:
        """A user asks for a listing."""
        event = self.wish(name, item=item, tenant=tenant, **wish)
        return await self.hears(event, tenant=named(tenant), actor=f"user:{tenant}")

    def wish(
        self, name: str = "listing", *, item: str = "B1", tenant: str = "anna", **wish: Any
    ) -> ListingRequested:
        """What the syncer says when a user asks for a listing."""
        amounts = ("price", "min_price", "max_price")
        wish = {k: usd(v) if k in amounts else v for k, v in wish.items()}
        return ListingRequested(
            listing_id=named(name),
            product_id=product_id("amazon-com", item),
            store_id=named(wish.pop("store", f"store of {tenant}")),
            marketplace="shopify",
            currency="USD",
            fee_schedule="shopify-basic",
            **wish,
        )

    async def amends(self, name: str = "listing", **wish: Any) -> list[Message]:
        event = ListingAmended(listing_id=named(name), product_id=self.kettle, **wish)
        return await self.hears(event, tenant=self.anna)

    async def defines(self, *, tenant: str = "anna", **wish: Any) -> Policy:
        """A tenant defines a policy; its listings are not decided before `drains`."""
        wish = {"name": "20 %", "rules": some_rules(), **wish}
        policy = await self.obeys(define_policy, DefinePolicy(**wish), tenant=tenant)
        assert isinstance(policy, Policy)
        return policy

    async def opens(self, tier: str, tenant: str = "anna") -> None:
        await self.hears(TenantOpened(tenant_id=named(tenant), tier=tier), tenant=named(tenant))

    def asked(self, question: Any, *, tenant: str = "anna") -> Asked[Any]:
        return Asked(question, named(tenant), f"user:{tenant}", uuid7(), self.clock.now())

    async def obeys(
        self, obeyer: Callable[..., Awaitable[Any]], command: Any, *, tenant: str = "anna"
    ) -> Any:
        asked = self.asked(command, tenant=tenant)
        async with self.database.transaction(
            tenant=asked.tenant, actor=asked.actor, command_id=asked.command_id
        ) as tx:
            return await obeyer(asked, tx)

    async def answers(
        self, answerer: Callable[..., Awaitable[Any]], question: Any, *, tenant: str = "anna"
    ) -> Any:
        return await answerer(self.asked(question, tenant=tenant), self.database)

    async def drains(self) -> list[Message]:
        """Let what is due be decided, as the hearing loop does, and return what was said."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch_all("DELETE FROM due RETURNING key, reason, cause")
            for key in sorted({key for key, _, _ in rows}):
                mine = [(reason, cause) for k, reason, cause in rows if k == key]
                tx.because(msgspec.json.decode(mine[-1][1], type=Cause))
                await decide_again(key, [reason for reason, _ in mine], tx)
        return await self.scene.said()

    async def goes_round(self) -> list[Message]:
        """Let the rounds for what time has changed run, and what they marked be decided."""
        await mark_revisits(self.database)
        await forget_sales(self.database)
        return await self.drains()

    async def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return await self.database.fetch_all(
            f"SELECT {columns} FROM {table} ORDER BY 1, 2"  # noqa: S608 - names from tests
        )


def decisions_in(said: list[Message]) -> list[DecisionMade]:
    return [message for message in said if isinstance(message, DecisionMade)]


@pytest.fixture(scope="session")
def costs() -> Callable[..., PriceChanged]:
    return price_changed


@pytest.fixture(scope="session")
def stock() -> Callable[..., StockChanged]:
    return stock_changed


@pytest.fixture(scope="session")
def policy_rules() -> Callable[..., Rules]:
    return some_rules


@pytest.fixture(scope="session")
def decisions() -> Callable[[list[Message]], list[DecisionMade]]:
    """Only the decisions among what was said."""
    return decisions_in


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest_asyncio.fixture
async def database(servers: Servers, clock: ManualClock) -> AsyncIterator[Database]:
    async with servers.database_of("policy", clock) as database:
        yield database


@pytest.fixture
def story(database: Database, clock: ManualClock) -> Story:
    return Story(database, clock)


@pytest_asyncio.fixture
async def shop(story: Story) -> Story:
    """Anna sells the kettle at a margin of 20 %; what was said so far is read."""
    await story.defines()
    await story.stocks()
    await story.lists()
    await story.scene.said()
    return story
