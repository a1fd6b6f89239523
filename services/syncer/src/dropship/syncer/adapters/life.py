"""The life of a listing on a marketplace that behaves, as tests to inherit.

A test file gives the fixture `world`, a simulator or a sandbox of the marketplace, and inherits::

    class TestEtsyLife(MarketplaceLife):
        plugin = staticmethod(etsy.plugin)

What `MarketplaceConformance` shows of single answers is shown here of what stands there afterwards.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dropship.pricing.money import Money
from dropship.syncer.adapters.errors import (
    AuthExpired,
    AuthRevoked,
    Invalid,
    OutcomeUnknown,
    ScopeMissing,
    Stale,
    Throttled,
    Unavailable,
)
from dropship.syncer.adapters.life_again import OpeningAgain
from dropship.syncer.adapters.life_orders import SoldThere
from dropship.syncer.adapters.port import UNLIMITED, Credentials, Seen
from dropship.syncer.adapters.world import DEARER, KEY, PRICE, Store, Trouble, World, granted


class MarketplaceLife(OpeningAgain, SoldThere):
    """Inherit, name the plugin, give the fixture `world`."""

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

    async def test_a_sale_meanwhile_does_not_hinder_a_pause(self, world: World) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await world.buy(KEY, 1)
            assert (await store.quantity(seen, 0)).quantity == 0
            assert not await world.sells(KEY)
            assert (await store.found()).quantity == 0

    async def test_orders_that_may_not_be_read_hinder_nothing_else(self, world: World) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await world.next("orders_closed")
            with pytest.raises(ScopeMissing):
                await store.orders()
            store.access = replace(store.access, token=await granted(store.market, world))
            assert (await store.market.open(store.access)).refs == store.access.refs
            await store.quantity(seen, 0)
            assert not await world.sells(KEY)

    async def test_a_store_that_sells_in_another_currency_shows_no_price(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            await store.live()
            if not await world.change_currency("EUR"):
                pytest.skip("its currency stays")
            with pytest.raises(Invalid):
                await store.found()
            assert (await store.market.open(store.access)).currency == "EUR"

    async def test_what_the_seller_changed_by_hand_is_seen(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            await world.meddle(KEY, price="12.00", quantity=9)
            seen = await store.found()
            assert (seen.price, seen.quantity) == (Money(1200, "USD"), 9)

    async def test_what_would_sell_on_at_0_is_seen_as_such_and_a_pause_stops_it(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            await store.live(quantity=3)
            for way in world.endless:
                await world.meddle(KEY, **way)
                seen = await store.found()
                assert seen.quantity == UNLIMITED
                assert (await store.quantity(seen, 0)).quantity == 0
                assert not await world.sells(KEY)
                assert (await store.found()).quantity == 0

    async def test_a_pause_stops_what_was_made_to_sell_on_since_it_was_seen(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            seen = await store.live(quantity=3)
            for way in world.endless:
                await world.meddle(KEY, **way)
                await store.quantity(seen, 0)
                assert not await world.sells(KEY)
                seen = await store.quantity(await store.found(), 3)

    async def test_what_is_paused_and_then_made_to_sell_on_is_stopped_again(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            await store.quantity(await store.live(), 0)
            for way in world.endless:
                await world.meddle(KEY, **way)
                assert await world.sells(KEY)
                await store.quantity(await store.found(), 0)
                assert not await world.sells(KEY)

    async def test_what_is_not_found_by_key_is_found_by_what_was_seen_of_it(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            if not await world.hide_key(KEY):
                pytest.skip("a key cannot get lost there")
            assert await store.market.find(store.access, KEY, seen.refs) == seen
            assert (await store.quantity(seen, 0)).quantity == 0

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
            store.access = replace(store.access, token=await granted(store.market, world))
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
