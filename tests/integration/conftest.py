"""The stack that the gentle tests share, and who takes part in it."""

from collections.abc import AsyncIterator

import pytest

from integration.running import Stack, new_home
from integration.shop import Shop
from integration.supplier import Supplier

CHECK_EVERY_S = 2
REPLICAS = ("--replicas", "tracker=2", "--replicas", "scraper=2")


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Two trackers, two scrapers, one of everything else; products are looked at often."""
    with new_home() as home:
        stack = await Stack.up(home, "--simulators", *REPLICAS, CHECK_EVERY_S=str(CHECK_EVERY_S))
        try:
            yield stack
        finally:
            await stack.down()


@pytest.fixture(scope="session")
async def supplier(stack: Stack) -> AsyncIterator[Supplier]:
    """Every simulated supplier. Their world moves only when a test moves it."""
    supplier = Supplier(stack.simulator)
    await supplier.stand_still()
    yield supplier
    await supplier.close()


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    shop = await Shop.opened(stack.gateway)
    yield shop
    await shop.close()


@pytest.fixture
async def neighbour(stack: Stack) -> AsyncIterator[Shop]:
    """Another seller on the same machines."""
    neighbour = await Shop.opened(stack.gateway)
    yield neighbour
    await neighbour.close()
