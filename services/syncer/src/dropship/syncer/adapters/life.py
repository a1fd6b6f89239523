"""The life of a listing on a marketplace that behaves, as tests to inherit.

A test file gives the fixture `world`, a simulator or a sandbox of the marketplace, and inherits::

    class TestEtsyLife(MarketplaceLife):
        plugin = staticmethod(etsy.plugin)

What `MarketplaceConformance` shows of single answers is shown here of what stands there afterwards.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID, uuid5

import pytest

from dropship.pricing.money import Money
from dropship.runtime.egress import Egress
from dropship.syncer.adapters.conformance import wanted_of
from dropship.syncer.adapters.errors import (
    AuthExpired,
    AuthRevoked,
    OutcomeUnknown,
    ScopeMissing,
    Stale,
    Throttled,
    Unavailable,
)
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
]
"""What a world can be told to do with the next call; the last two last."""


class World(Protocol):
    """A marketplace in the hands of a test."""

    base_url: str
    account: str
    credentials: Credentials

    async def next(self, trouble: Trouble) -> None:
        """Let the next call meet with this."""

    async def buy(self, key: str, quantity: int) -> str:
        """Somebody buys some; returns the marketplace's name of the order."""

    async def refund(self, order: str, amount: str | None = None) -> None:
        """Money goes back: this much of it, or all that is left."""

    async def cancel(self, order: str) -> None:
        """The order is called off."""

    async def meddle(self, key: str, **changes: Any) -> None:
        """The seller changes price or quantity by hand."""

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


class MarketplaceLife:
    """Inherit, name the plugin, give the fixture `world`."""

    plugin: ClassVar["staticmethod[[Egress, Any], Marketplace]"]

    @asynccontextmanager
    async def _store(self, world: World) -> AsyncIterator[Store]:
        egress = Egress(development=True)
        market = type(self).plugin(egress, world.base_url)
        try:
            token = await market.grant(world.account, world.credentials, datetime.now(UTC))
            assert token.expires_at > datetime.now(UTC)
            access = Access("a-store", world.account, token.value)
            opened = await market.open(access)
            assert opened.currency == PRICE.currency
            yield Store(market, replace(access, refs=opened.refs), world)
        finally:
            await market.aclose()
            await egress.aclose()

    async def test_a_listing_lives_and_ends(self, world: World) -> None:
        async with self._store(world) as store:
            assert await store.market.find(store.access, KEY) is None
            seen = await store.create()
            assert (seen.shown, seen.price, seen.quantity) == ("draft", PRICE, 3)
            assert await store.found() == seen
            seen = await store.market.publish(store.access, seen, store.effect())
            assert seen.shown == "live"
            assert await store.found() == seen
            seen = await store.quantity(seen, 0)
            assert (seen.shown, seen.quantity) == ("live", 0)
            seen = await store.price(seen, DEARER)
            seen = await store.quantity(seen, 5)
            assert await store.found() == seen
            assert (seen.price, seen.quantity) == (DEARER, 5)
            seen = await store.market.end(store.access, seen, store.effect())
            assert seen.shown == "ended"
            assert (await store.found()).shown == "ended"

    async def test_opening_a_store_again_finds_the_same(self, world: World) -> None:
        async with self._store(world) as store:
            again = await store.market.open(store.access)
            assert again.refs == store.access.refs

    async def test_creating_twice_makes_one_listing(self, world: World) -> None:
        async with self._store(world) as store:
            first, second = await store.create(), await store.create(quantity=4, price=DEARER)
            assert second.external_id == first.external_id
            assert (second.price, second.quantity) == (DEARER, 4)
            assert await world.listings(KEY) == 1

    @pytest.mark.parametrize("trouble", ["answer_lost", "error_after_effect"])
    async def test_a_lost_answer_is_found_by_looking(self, world: World, trouble: Trouble) -> None:
        async with self._store(world) as store:
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.create()
            seen = await store.found()
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.market.publish(store.access, seen, store.effect())
            seen = await store.found()
            assert seen.shown == "live"
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.price(seen, DEARER)
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.quantity(seen, 1)
            seen = await store.found()
            assert (seen.price, seen.quantity) == (DEARER, 1)
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.market.end(store.access, seen, store.effect())
            assert (await store.found()).shown == "ended"
            assert await world.listings(KEY) == 1

    @pytest.mark.parametrize("trouble", ["request_lost", "error"])
    async def test_a_lost_request_is_missing_when_looked_for(
        self, world: World, trouble: Trouble
    ) -> None:
        async with self._store(world) as store:
            await world.next(trouble)
            with pytest.raises(OutcomeUnknown):
                await store.create()
            assert await store.market.find(store.access, KEY) is None
            await world.next(trouble)
            with pytest.raises(Unavailable):
                await store.market.find(store.access, KEY)

    async def test_the_same_effect_again_after_a_look_does_no_harm(self, world: World) -> None:
        async with self._store(world) as store:
            seen, effect = await store.live(), store.effect()
            await world.next("answer_lost")
            with pytest.raises(OutcomeUnknown):
                await store.market.set_quantity(store.access, seen, 1, effect)
            assert (await store.found()).quantity == 1
            await world.buy(KEY, 1)
            seen = await store.found()
            seen = await store.market.set_quantity(store.access, seen, 1, effect)
            assert (await store.found()).quantity == seen.quantity == 1

    async def test_a_sale_meanwhile_makes_the_quantity_stale(self, world: World) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await world.buy(KEY, 1)
            with pytest.raises(Stale):
                await store.quantity(seen, 5)
            seen = await store.found()
            assert seen.quantity == 2
            assert (await store.quantity(seen, 5)).quantity == 5

    async def test_what_the_seller_changed_by_hand_is_seen(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            await world.meddle(KEY, price="12.00", quantity=9)
            seen = await store.found()
            assert (seen.price, seen.quantity) == (Money(1200, "USD"), 9)

    @pytest.mark.parametrize("trouble", ["throttled", "busy"])
    async def test_too_many_calls_are_told_with_a_wait(
        self, world: World, trouble: Trouble
    ) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await world.next(trouble)
            with pytest.raises(Throttled) as caught:
                await store.price(seen, DEARER)
            assert 0 < caught.value.after_s < 60
            assert (await self._later(store)).price == PRICE

    async def _later(self, store: Store) -> Seen:
        """Looks again as soon as the marketplace lets us, after a few seconds at most."""
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while True:
            try:
                return await store.found()
            except Throttled:
                assert datetime.now(UTC) < deadline

    async def test_a_token_taken_back_is_expired_and_a_new_one_works(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            await world.next("token_revoked")
            with pytest.raises(AuthExpired):
                await store.found()
            token = await store.market.grant(world.account, world.credentials, datetime.now(UTC))
            store.access = replace(store.access, token=token.value)
            assert (await store.found()).shown == "live"

    async def test_an_app_thrown_out_is_revoked(self, world: World) -> None:
        async with self._store(world) as store:
            await world.next("uninstalled")
            with pytest.raises(AuthExpired):
                await store.market.find(store.access, KEY)
            with pytest.raises(AuthRevoked):
                await store.market.grant(world.account, world.credentials, datetime.now(UTC))

    async def test_wrong_credentials_are_revoked(self, world: World) -> None:
        async with self._store(world) as store:
            wrong = Credentials(world.credentials.client_id, "something-else")
            with pytest.raises(AuthRevoked):
                await store.market.grant(world.account, wrong, datetime.now(UTC))

    async def test_a_reach_that_was_taken_away_is_named_as_such(self, world: World) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await world.next("scope_missing")
            with pytest.raises(ScopeMissing):
                await store.price(seen, DEARER)
            with pytest.raises(ScopeMissing):
                await store.market.grant(world.account, world.credentials, datetime.now(UTC))

    async def test_an_order_is_read_with_what_it_cost_the_buyer_and_us(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            name = await world.buy(KEY, 2)
            ((sold,), cursor) = await store.all_orders()
            assert sold.external_id == name
            assert sold.paid
            ((line,)) = sold.lines
            assert (line.key, line.quantity, line.unit_price) == (KEY, 2, PRICE)
            assert sold.total == Money(2 * PRICE.minor, "USD")
            assert sold.fees is None or Money(0, "USD") < sold.fees
            assert (sold.refunded, sold.cancelled_at) == (Money(0, "USD"), None)
            await world.refund(name, "10.00")
            ((sold,), cursor) = await store.all_orders(cursor)
            assert sold.refunded == Money(1000, "USD")
            assert sold.refunded_at is not None
            await world.cancel(name)
            ((sold,), cursor) = await store.all_orders(cursor)
            assert sold.cancelled_at is not None
            assert sold.ordered_at <= sold.cancelled_at

    async def test_many_orders_come_page_by_page_and_none_is_left_out(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live(quantity=ORDERS)
            names = {await world.buy(KEY, 1) for _ in range(ORDERS)}
            assert (await store.orders()).more
            sold, cursor = await store.all_orders()
            assert sorted(each.external_id for each in sold) == sorted(names)
            moments = [each.updated_at for each in sold]
            assert moments == sorted(moments)
            again, _ = await store.all_orders(cursor)
            assert {each.external_id for each in again} <= names, "the overlap, and nothing else"
