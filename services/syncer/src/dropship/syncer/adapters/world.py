"""What a test of a marketplace needs of a simulator or a sandbox, and one opened store in it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID, uuid5

from dropship.pricing.money import Money
from dropship.runtime.egress import Egress
from dropship.syncer.adapters.conformance import wanted_of
from dropship.syncer.adapters.port import Access, Credentials, Marketplace, OrdersRead, Seen
from dropship.syncer.domain.orders import Sold

KEY = "3f0e6d5c-1111-5222-8333-444455556666"
PRICE, DEARER = Money(2633, "USD"), Money(3099, "USD")
ORDERS = 20
_EFFECTS = UUID("0b7b9f3a-2f0f-5f52-9d9c-0d6c1a5f8f11")

Trouble = Literal[
    "answer_lost",
    "request_lost",
    "error_after_effect",
    "error",
    "throttled",
    "busy",
    "token_revoked",
    "uninstalled",
    "scope_missing",
    "orders_closed",
]
"""What a world can be told to do with the next call; the last three last."""


class World(Protocol):
    """A marketplace in the hands of a test.

    `endless` are the ways in which a seller can make a listing sell on at 0, each as `meddle` takes
    it; none where the marketplace knows of none.
    """

    base_url: str
    account: str
    credentials: Credentials
    endless: Sequence[Mapping[str, Any]]

    async def next(self, trouble: Trouble) -> None:
        """Let the next call meet with this."""

    async def buy(self, key: str, quantity: int, **extras: str) -> str:
        """Somebody buys some; returns the marketplace's name of the order. Extras are the sums of
        `discount`, off the whole order, and of `tax` and `shipping`, paid beside the price.
        """

    async def sells(self, key: str) -> bool:
        """Whether somebody who tries to can buy one now."""

    async def refund(self, order: str, amount: str | None = None) -> None:
        """Money goes back: this much of it, or all that is left."""

    async def cancel(self, order: str) -> None:
        """The order is called off."""

    async def meddle(self, key: str, **changes: Any) -> None:
        """The seller changes price, quantity or settings by hand."""

    async def hide_key(self, key: str) -> bool:
        """From now on it cannot be found by our key; False where that cannot happen."""

    async def another_app(self) -> Credentials | None:
        """The seller throws our app out and makes another one; None where there is only one."""

    async def add_location(self) -> bool:
        """The seller opens a place that stands before ours in every list; False if none can be."""

    async def change_currency(self, currency: str) -> bool:
        """From now on every price is in this currency; False where that cannot happen."""

    async def listings(self, key: str) -> int:
        """How many listings with this key there are, whether on offer or not."""


class Store:
    """One opened store, and short ways to call for it."""

    def __init__(self, market: Marketplace, access: Access, world: World) -> None:
        self.market, self.access, self.world = market, access, world
        self._effects = 0

    def effect(self) -> str:
        """A fresh one for each change."""
        self._effects += 1
        return str(uuid5(_EFFECTS, str(self._effects)))

    async def create(self, quantity: int = 3, price: Money = PRICE) -> Seen:
        wanted = wanted_of(KEY, price, quantity)
        return await self.market.create(self.access, wanted, self.effect())

    async def live(self, quantity: int = 3) -> Seen:
        return await self.market.publish(self.access, await self.create(quantity), self.effect())

    async def found(self) -> Seen:
        seen = await self.market.find(self.access, KEY)
        assert seen is not None
        return seen

    async def price(self, seen: Seen, price: Money) -> Seen:
        return await self.market.set_price(self.access, seen, price, self.effect())

    async def quantity(self, seen: Seen, quantity: int) -> Seen:
        return await self.market.set_quantity(self.access, seen, quantity, self.effect())

    async def orders(self, cursor: str | None = None) -> OrdersRead:
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        return await self.market.orders_since(self.access, cursor, hour_ago)

    async def all_orders(self, cursor: str | None = None) -> tuple[list[Sold], str]:
        """Every page, and the cursor at the end."""
        sold: list[Sold] = []
        for _ in range(ORDERS):
            page = await self.orders(cursor)
            assert page.unreadable == ()
            sold += page.orders
            cursor = page.cursor
            if not page.more:
                return sold, cursor
        raise AssertionError("the pages have no end")


class InAStore:
    """What the parts of `MarketplaceLife` have in common: a plugin, and its store in a world."""

    plugin: ClassVar["staticmethod[[Egress, Any], Marketplace]"]

    @asynccontextmanager
    async def _store(self, world: World) -> AsyncIterator[Store]:
        egress = Egress(development=True)
        market = type(self).plugin(egress, world.base_url)
        try:
            access = Access("a-store", world.account, await granted(market, world))
            opened = await market.open(access)
            assert opened.currency == PRICE.currency
            yield Store(market, replace(access, refs=opened.refs), world)
        finally:
            await market.aclose()
            await egress.aclose()


async def granted(market: Marketplace, world: World) -> str:
    """A token for the world's credentials."""
    token = await market.grant(world.account, world.credentials, datetime.now(UTC))
    assert token.expires_at > datetime.now(UTC)
    return token.value
