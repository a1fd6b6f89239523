"""What keeps a shop from losing money when everything else has stopped, or gone mad."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from dropship.runtime.testing import eventually
from integration.market import Market, prices, prices_on_sale
from integration.running import Homes, Stack
from integration.shop import Shop
from integration.supplier import FEED, Supplier

LEASE_S = 8
HELD_WITHIN_S = LEASE_S + 6
COST = "20.00"
BREAK_EVEN = Decimal("20.91")
"""20.91 less 2.9 % (0.61) less 0.30 is 20.00; a cent less does not pay."""

DEAD = ("scraper/0", "tracker/0", "policy/0")
"""Stopped first, for a killed program is back at once; killed when all is held."""


@dataclass(frozen=True)
class Scene:
    stack: Stack
    market: Market
    supplier: Supplier

    async def sold(self, count: int) -> dict[str, str]:
        """So many fresh products on sale at the same cost: listing id → the supplier's id."""
        found: dict[str, str] = {}
        for row in await self.supplier.take(FEED, count):
            await self.supplier.sets(row["id"], price=COST, quantity=50)
            product_id = await self.market.shop.has_imported(FEED, row["id"])
            found[await self.market.lists(product_id)] = row["id"]
        for id_ in found:
            await self.market.is_active(id_)
        return found


@pytest.fixture(scope="module")
async def scene(homes: Homes) -> AsyncIterator[Scene]:
    """A stack of its own whose leases run out within seconds."""
    with homes() as home:
        settings = {
            "CHECK_EVERY_S": "1",
            "FRESHNESS_LEASE_S": str(LEASE_S),
            "POLL_ORDERS_EVERY_S": "5",
        }
        stack = await Stack.up(home, "--simulators", settings=settings)
        try:
            supplier = Supplier(stack.simulator)
            await supplier.stand_still()
            shop = await Shop.opened(stack.gateway)
            market = Market(shop, supplier, "safe")
            await market.opened()
            yield Scene(stack, market, supplier)
            await market.close()
            await shop.close()
            await supplier.close()
        finally:
            await stack.down()


async def test_with_scraper_tracker_and_policy_dead_nothing_stays_for_sale_past_its_lease(
    scene: Scene,
) -> None:
    market = scene.market
    listings = await scene.sold(4)
    dead = [scene.stack.pids()[name] for name in DEAD]
    for pid in dead:
        os.kill(pid, signal.SIGSTOP)
    try:

        async def nothing_is_for_sale() -> bool:
            return not any([await market.quantity(id_) for id_ in listings])

        await eventually(nothing_is_for_sale, within_s=HELD_WITHIN_S, what="a hold on everything")
        for id_ in listings:
            held = await market.listing_until(id_, lambda x: x["status"] == "Paused", "held")
            assert held["holds"] == ["stale"]
        last = await market.last_write()
        for supplier_id in listings.values():
            await scene.supplier.sets(supplier_id, price="25.00", quantity=50)
    finally:
        for pid in dead:
            os.kill(pid, signal.SIGKILL)
    for id_ in listings:
        back = await market.listing_until(id_, lambda x: x["status"] == "Active", "back", 60)
        writes = await market.writes(id_, last)
        price = Decimal(back["price"]["amount"])
        assert prices_on_sale(writes) == {price}, "price first, then stock"
        assert price > Decimal("30")


async def test_an_hour_of_penny_prices_sells_nothing_for_pennies(scene: Scene) -> None:
    market = scene.market
    listings = await scene.sold(3)
    last = await market.last_write()
    for supplier_id in listings.values():
        await scene.supplier.sets(supplier_id, price="0.01", quantity=50)
    for id_ in listings:
        await market.listing_until(id_, _decided_in_pennies, "a decision for pennies")
        await market.listing_until(id_, lambda x: x["status"] == "Paused", "held")
        writes = await market.writes(id_, last)
        assert [price for price in prices(writes) if price < BREAK_EVEN] == []
        assert await market.quantity(id_) == 0
    for id_, supplier_id in listings.items():
        await scene.supplier.sets(supplier_id, price=COST, quantity=50)
        await market.listing_until(
            id_, lambda x: not _decided_in_pennies(x), "a decision that makes sense again"
        )
        answer = await market.shop.asks("POST", f"/v1/listings/{id_}/resume")
        assert answer.status_code == 200, answer.text
    for id_ in listings:
        back = await market.is_active(id_, within_s=40)
        assert Decimal(back["price"]["amount"]) > BREAK_EVEN


def _decided_in_pennies(listing: dict[str, Any]) -> bool:
    """Policy believes the supplier: what stops it is the last gate."""
    price = (listing["desired"] or {}).get("price")
    return price is not None and Decimal(price["amount"]) < 1


async def test_a_blank_minimum_means_break_even_and_never_nothing(scene: Scene) -> None:
    market = scene.market
    rules = {
        "price": {"basis": "fixed_profit", "value": "0"},
        "floor": {"min_price": None},
        "pause": {"resume_after_s": 0, "third_party_ok": True},
    }
    policy = await market.asks("POST", "/v1/policies", 201, json={"name": "blank", "rules": rules})
    (row,) = await scene.supplier.take(FEED, 1)
    await scene.supplier.sets(row["id"], price=COST, quantity=50)
    product_id = await market.shop.has_imported(FEED, row["id"])
    id_ = await market.lists(product_id, policy_id=policy["id"])
    listing = await market.is_active(id_)
    assert Decimal(listing["price"]["amount"]) == BREAK_EVEN
    assert Decimal(listing["desired"]["floor"]["amount"]) == BREAK_EVEN
    assert set(prices(await market.writes(id_))) == {BREAK_EVEN}
