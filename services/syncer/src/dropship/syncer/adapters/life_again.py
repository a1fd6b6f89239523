"""A store that is opened again, as a part of `dropship.syncer.adapters.life`."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dropship.syncer.adapters.errors import AuthExpired, AuthRevoked
from dropship.syncer.adapters.world import KEY, PRICE, InAStore, Store, World, granted


class OpeningAgain(InAStore):
    """Whatever the seller has changed meanwhile, what we have listed is found and can be paused."""

    async def test_opening_a_store_again_finds_the_same(self, world: World) -> None:
        async with self._store(world) as store:
            again = await store.market.open(store.access)
            assert again.refs == store.access.refs

    async def test_a_place_opened_since_does_not_take_the_stock_out_of_our_sight(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            if not await world.add_location():
                pytest.skip("stock lies nowhere in particular")
            await self._open_again(store)
            assert await store.found() == seen
            await store.quantity(seen, 0)
            assert not await world.sells(KEY)

    async def test_through_another_app_what_was_listed_is_found_and_paused(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            seen = await store.live()
            await self._through_another_app(store)
            assert await store.market.find(store.access, KEY, seen.refs) == seen
            assert await store.found() == seen, "by its key again, from the first look on"
            await store.quantity(seen, 0)
            assert not await world.sells(KEY)
            assert (await store.create(quantity=4)).external_id == seen.external_id
            assert await world.listings(KEY) == 1

    async def test_what_was_sold_through_another_app_is_known_to_be_ours(
        self, world: World
    ) -> None:
        async with self._store(world) as store:
            await store.live()
            name = await world.buy(KEY, 1)
            await self._through_another_app(store)
            ((sold,), _) = await store.all_orders()
            ((line,)) = sold.lines
            assert (sold.external_id, line.unit_price) == (name, PRICE)
            assert line.key == KEY or line.sku == f"DC-{KEY.replace('-', '')[:12]}"

    async def _through_another_app(self, store: Store) -> None:
        """The old one is thrown out and its token gone; the store is connected with a new one."""
        old = store.world.credentials
        new = await store.world.another_app()
        if new is None:
            pytest.skip("there is only one app")
        store.world.credentials = new
        with pytest.raises(AuthExpired):
            await store.found()
        with pytest.raises(AuthRevoked):
            await store.market.grant(store.world.account, old, datetime.now(UTC))
        store.access = replace(store.access, token=await granted(store.market, store.world))
        await self._open_again(store)

    async def _open_again(self, store: Store) -> None:
        opened = await store.market.open(store.access)
        store.access = replace(store.access, refs=opened.refs)
