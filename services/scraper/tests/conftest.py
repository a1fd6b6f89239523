"""A scraper's own database, migrated as in production; emptied before each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from dropship.runtime.clock import SystemClock
from dropship.runtime.database import Database
from dropship.runtime.testing import Servers

EMPTIED = ("suppliers", "feeds", "budgets", "waits", "cancelled_jobs", "journal")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated(servers: Servers) -> AsyncIterator[Database]:
    async with servers.database_of("scraper", SystemClock()) as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session")
async def database(migrated: Database) -> Database:
    async with migrated.transaction() as tx:
        for table in EMPTIED:
            await tx.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    return migrated
