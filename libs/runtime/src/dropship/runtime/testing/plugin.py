"""Fixtures: `servers` for the whole run; everything else is made per test from it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dropship.runtime.embedded import PostgresServer
from dropship.runtime.testing.servers import Servers

pytest.register_assert_rewrite("dropship.runtime.testing.scene")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """One real Postgres for the run; NATS servers and databases on demand."""
    folder = tmp_path_factory.mktemp("servers")
    async with PostgresServer(folder / "postgres", durable=False, synced=False) as postgres:
        yield Servers(folder, postgres)
