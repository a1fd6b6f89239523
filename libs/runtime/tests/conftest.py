"""Fixtures of the made-up house in `toy_house`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dropship.runtime.testing import Servers
from toy_house import DDL, Toy, topology


@pytest.fixture
def window() -> str:
    return "2m"


@pytest_asyncio.fixture(loop_scope="session")
async def toy(servers: Servers, window: str) -> AsyncIterator[Toy]:
    """A fresh database and log for one test."""
    database = servers.empty_database("toy", ddl=DDL)
    async with servers.nats(topology(window)) as nats:
        yield Toy(servers, nats, database)
