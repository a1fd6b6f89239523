"""Fixtures of the made-up house in `toy_house`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from toy_words import DDL

from dropship.runtime.testing import Servers
from toy_house import Toy, topology


@pytest.fixture
def window() -> str:
    """The deduplication window of the test's streams."""
    return "2m"


@pytest.fixture
def ack_wait() -> str:
    """How long a worker may be silent before its command goes to another."""
    return "2s"


@pytest_asyncio.fixture(loop_scope="session")
async def toy(servers: Servers, window: str, ack_wait: str) -> AsyncIterator[Toy]:
    """A fresh database and log for one test."""
    database = servers.empty_database("toy", ddl=DDL)
    async with servers.nats(topology(window, ack_wait)) as nats:
        yield Toy(servers, nats, database)
