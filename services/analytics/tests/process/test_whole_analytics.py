"""Analytics as it is deployed: replicas on NATS with streams and on PostgreSQL, and its rebuild."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import psycopg
import pytest

from dropship.analytics.app import build
from dropship.analytics.handlers.counting import REMEMBERED
from dropship.analytics.settings import AnalyticsSettings
from dropship.contracts.orders import OrderReceived
from dropship.contracts.reports import Dashboard, DashboardReport
from dropship.runtime.bus import Bus
from dropship.runtime.rebuilding import Rebuilt, rebuild
from dropship.runtime.service import Service
from dropship.runtime.testing import Deployment, Servers, deployed, eventually, settings_for

AT_ONCE = 200


class House:
    """A log that others speak on, replicas that listen, and an operator who rebuilds."""

    def __init__(self, analytics: Deployment) -> None:
        self._analytics = analytics
        self._dsn = analytics.servers.postgres.dsn(analytics.database)

    async def says(self, told: Sequence[Any]) -> None:
        """The other services say these, each key in its order."""
        by_key: dict[str, list[Any]] = {}
        for one in told:
            by_key.setdefault(one.key, []).append(one)
        waiting = list(by_key.values())
        while waiting:
            now, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            await asyncio.gather(*map(self._in_order, now))

    async def _in_order(self, told: Sequence[Any]) -> None:
        for event, key, tenant in told:
            await self._analytics.log.says(event, key, tenant)

    def living(self, *replicas: str) -> AbstractAsyncContextManager[Service]:
        """So many replicas live and are ready; the last one, to ask through."""
        return self._analytics.living(lambda told: build(AnalyticsSettings(**told)), *replicas)

    async def rebuilt(self) -> Rebuilt:
        here = self._analytics
        settings = settings_for("admin", self._dsn, here.server.url, here.servers.password)
        bus = Bus(settings, "rebuild")
        await bus.connect()
        try:
            return await rebuild(bus, self._dsn, REMEMBERED, lambda _done, _end: None)
        finally:
            await bus.close()

    async def sql(self, statement: str) -> list[tuple[Any, ...]]:
        options = "-c search_path=analytics"
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, options=options
        ) as connection:
            cursor = await connection.execute(statement)
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def house(servers: Servers, topology_with: Any) -> AsyncIterator[House]:
    async with deployed(servers, "analytics", topology_with({})) as analytics:
        yield House(analytics)


def received(told: Sequence[Any]) -> int:
    return sum(isinstance(one.event, OrderReceived) for one in told)


async def all_heard(house: House, told: Sequence[Any]) -> None:
    """Analytics remembers every order and every refund of these."""

    async def heard() -> bool:
        ((orders,),) = await house.sql("SELECT count(*) FROM orders")
        ((refunds,),) = await house.sql(
            "SELECT count(DISTINCT event_id) FROM ledger WHERE account = 'refunds'"
        )
        said = sum(type(one.event).__name__ == "OrderRefunded" for one in told)
        return bool(orders == received(told) and refunds == said)

    await eventually(heard, within_s=20, what="everything is counted")


async def test_two_replicas_count_what_is_said_and_a_tenant_reads_their_own_figures(
    house: House, words: Any
) -> None:
    year = words.year(21, 200)
    async with house.living("analytics-1", "analytics-2") as service:
        await house.says(words.interleaved(year, 1))
        await all_heard(house, year)
        for tenant in ("anna", "bert"):
            question = Dashboard(since="2025-01-01", until="2027-01-01")
            ready = await service.asker.ask(question, tenant=tenant)
            report = msgspec.json.decode(ready, type=DashboardReport)
            orders = sum(figures.orders for figures in report.figures)
            assert orders == received([one for one in year if one.tenant == tenant])


async def test_a_rebuild_in_the_middle_of_business_gives_equal_rows_to_the_byte(
    house: House, words: Any
) -> None:
    async with house.living("analytics-1", "analytics-2"):
        first, second = words.year(22, 200), words.year(23, 300)
        await house.says(first)
        business = asyncio.create_task(house.says(words.interleaved(second, 1)))
        seen: list[int] = []
        while not business.done() or len(seen) < 2:
            found = await house.rebuilt()
            assert (found.differing, found.failed, found.replaced) == ([], [], False)
            seen.append(found.events)
        await business
        await all_heard(house, [*first, *second])
        last = await house.rebuilt()
        assert last.differing == []
        assert last.events == len(first) + len(second)
        assert last.running
        assert seen[0] < last.events


async def test_rows_that_went_wrong_are_replaced_while_business_goes_on(
    house: House, words: Any
) -> None:
    async with house.living("analytics-1"):
        first, second = words.year(24, 100), words.year(25, 200)
        await house.says(first)
        await all_heard(house, first)
        await house.sql("UPDATE marketplace_data SET revenue_minor = revenue_minor + 1")
        await house.sql("DELETE FROM ledger WHERE account = 'fees'")
        business = asyncio.create_task(house.says(words.interleaved(second, 1)))
        found = await house.rebuilt()
        assert found.differing == ["ledger", "marketplace_data"]
        assert found.replaced
        await business
        await all_heard(house, [*first, *second])
        assert (await house.rebuilt()).differing == []


async def test_a_rebuild_works_while_the_service_is_away(house: House, words: Any) -> None:
    year = words.year(26, 50)
    assert (await house.rebuilt()).differing == []
    async with house.living("analytics-1"):
        await house.says(year)
        await all_heard(house, year)
    await house.sql("DELETE FROM replicas")
    await house.sql("TRUNCATE marketplace_data")
    found = await house.rebuilt()
    assert (found.differing, found.replaced, found.running) == (["marketplace_data"], True, False)
    assert (await house.rebuilt()).differing == []
    more = words.year(27, 20)
    async with house.living("analytics-1"):
        await house.says(more)
        await all_heard(house, [*year, *more])


async def test_what_is_parked_stands_on_neither_side_and_holds_back_nobody_else(
    house: House, words: Any
) -> None:
    year = words.year(28, 30)
    async with house.living("analytics-1"):
        orphan = type(year[0])(words.refund("never", "1.00"), "never", "anna")
        await house.says([orphan, *year])
        await all_heard(house, year)

        async def parked() -> bool:
            return bool(await house.sql("SELECT 1 FROM parked"))

        await eventually(parked, within_s=20)
        found = await house.rebuilt()
        assert (found.differing, found.parked, found.failed) == ([], 1, [])
        await house.sql("DELETE FROM parked")
        found = await house.rebuilt()
        assert (found.differing, found.parked) == ([], 0)
        assert "never was never received" in found.failed[0]
