"""Programs die in the middle of a rush; no shop loses an import, and none gets one twice."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from dropship.contracts.catalogue import READER
from dropship.contracts.imports import ImportCompleted, ImportFailed, ImportRequested
from dropship.contracts.products import (
    PriceChanged,
    ProductImported,
    ProductWatched,
    StockChanged,
)
from dropship.contracts.work import WorkStarted
from dropship.runtime.testing import eventually
from integration import log, programs
from integration.folds import differences, fold, remembered
from integration.kills import HEADING, VICTIMS, Run
from integration.log import Stored
from integration.running import Homes, Stack, dropship
from integration.shop import Shop
from integration.supplier import FEED, Supplier

DRAIN_S = 10


@pytest.fixture(scope="module")
async def run(homes: Homes, replicas: tuple[str, ...]) -> AsyncIterator[Run]:
    """Two shops on a stack of their own, for these tests alone."""
    with homes() as home:
        stack = await Stack.up(home, "--simulators", *replicas, settings={"CHECK_EVERY_S": "3"})
        try:
            supplier = Supplier(stack.simulator)
            await supplier.stand_still()
            shops = [await Shop.opened(stack.gateway) for _ in range(2)]
            yield Run(stack, shops, supplier)
            await supplier.close()
            await asyncio.gather(*(shop.close() for shop in shops))
        finally:
            await stack.down()


@pytest.fixture(scope="module")
async def after(run: Run, reports: list[str]) -> Run:
    """The same, after every program has been killed once in the middle of a rush."""
    await run.strikes_all()
    reports += ["who took over how fast:", HEADING, *map(str, run.recoveries)]
    return run


@pytest.fixture(scope="module")
async def told(after: Run) -> list[Stored]:
    """What stands on EVENTS when all is quiet again."""
    await _until_quiet(after)
    client = await after.stack.nats()
    try:
        return await log.said(client)
    finally:
        await client.close()


async def _until_quiet(after: Run) -> None:
    """Every move of the world is known, and nothing waits to be said."""

    async def all_moves_are_known() -> bool:
        shop = after.shops[0]
        return all([(await shop.prices(id_))[-1] == price for id_, price in after.moved.items()])

    await eventually(all_moves_are_known, within_s=30, what="the last price of the world")


async def test_a_service_that_is_asked_to_stop_finishes_what_it_has_in_hand(run: Run) -> None:
    products = await run.supplier.take("amazon-com", 3)
    for product in products:
        await run.supplier.misbehaves("slow", id=product["id"], count=1, delay_s=2)
    rows = await run.supplier.take(FEED, 2)
    jobs = [(shop, await shop.imports("amazon-com", p["id"])) for p, shop in _dealt(run, products)]
    for shop, job_id in jobs:
        await shop.job_until(job_id, lambda job: job["status"] == "RUNNING", "its start")
    for victim in ("scraper/1", "scraper/0", "tracker/1"):
        await _ends_within_its_time(run.stack, victim)
    jobs += [(shop, await shop.imports(FEED, p["id"])) for p, shop in _dealt(run, rows)]
    for shop, job_id in jobs:
        job = await shop.ended(job_id, within_s=15)
        assert job["status"] == "SUCCESS"
        assert [step["what"] for step in job["timeline"]].count("WorkStarted") == 1, job


def _dealt(run: Run, products: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Shop]]:
    return [(product, run.shops[i % len(run.shops)]) for i, product in enumerate(products)]


async def _ends_within_its_time(stack: Stack, name: str) -> None:
    """SIGTERM one program; it ends in time, and the supervisor starts it anew."""
    pid = stack.pids()[name]
    (program,) = [one for one in programs.family_of(pid) if one.pid == pid]
    os.kill(pid, signal.SIGTERM)
    await eventually(lambda: not program.is_alive(), within_s=DRAIN_S, what=f"the end of {name}")
    await eventually(lambda: stack.pids()[name] != pid, within_s=DRAIN_S, what=f"a new {name}")


async def test_every_import_that_was_acknowledged_comes_to_one_good_end(
    after: Run, told: list[Stored]
) -> None:
    assert len(after.acknowledged) == 45
    ends = Counter(
        READER.read(one.envelope).job_id  # type: ignore[attr-defined]
        for one in log.of_type(told, ImportCompleted, ImportFailed)
    )
    assert {ends[job_id] for job_id in after.acknowledged} == {1}
    assert set(ends.values()) == {1}
    for job_id, shop in after.acknowledged.items():
        job = await shop.job(job_id)
        assert job["status"] == "SUCCESS", job
        assert (await shop.product(job["result"]["product_id"]))["id"]


async def test_every_wish_was_written_down_once_however_often_it_had_to_be_repeated(
    after: Run, told: list[Stored]
) -> None:
    asked = Counter(one.envelope.partitionkey for one in log.of_type(told, ImportRequested))
    assert asked.keys() >= after.acknowledged.keys()
    assert set(asked.values()) == {1}
    rows = await after.stack.sql("SELECT id::text FROM gateway.jobs")
    assert {id_ for (id_,) in rows} == asked.keys()


async def test_nothing_was_said_twice(after: Run, told: list[Stored]) -> None:
    client = await after.stack.nats()
    try:
        seen = await log.said(client, "OBSERVATIONS")
    finally:
        await client.close()
    for messages in (told, seen):
        ids = [one.envelope.id for one in messages]
        assert [one.headers["Nats-Msg-Id"] for one in messages] == ids
        assert len(set(ids)) == len(ids)
    looks = Counter(one.envelope.causationid for one in seen)
    assert set(looks.values()) == {1}, "a look is told once"
    for type_, *names in (
        (ProductImported, "product_id"),
        (ProductWatched, "product_id", "tenant_id"),
        (WorkStarted, "command_id", "attempt"),
    ):
        facts = [READER.read(one.envelope) for one in log.of_type(told, type_)]
        once = Counter(tuple(getattr(fact, name) for name in names) for fact in facts)
        assert set(once.values()) == {1}, type_.__name__


async def test_every_history_is_one_unbroken_chain_and_ends_with_what_the_supplier_shows(
    after: Run, told: list[Stored]
) -> None:
    chains: dict[tuple[str, type], list[Any]] = {}
    for one in log.of_type(told, PriceChanged, StockChanged):
        fact: Any = READER.read(one.envelope)
        chains.setdefault((fact.product_id, type(fact)), [None]).append(fact)
    assert len(chains) >= 2 * len(after.moved)
    for (id_, _), (_, *facts) in chains.items():
        assert facts[0].old is None
        for earlier, later in pairwise(facts):
            assert later.old == earlier.new, f"{id_}: {earlier} then {later}"
            assert later.observed_at > earlier.observed_at
    for id_, price in after.moved.items():
        amounts = [fact.new.amount for fact in chains[id_, PriceChanged][1:]]
        assert amounts == ["20.00", price]


async def test_what_the_services_remember_is_what_the_log_adds_up_to(
    after: Run, told: list[Stored]
) -> None:
    world = fold(told)
    assert len(world.jobs) > 45
    assert differences(world, await remembered(after.stack)) == []
    for shop in after.shops:
        mine = {product for tenant, product in world.watches if tenant == shop.tenant}
        page = await shop.shows("/v1/products?limit=200")
        assert {item["id"] for item in page["items"]} == mine
        for item in page["items"]:
            price = world.products[item["id"]].price
            shown = item["price"] and int(Decimal(item["price"]["amount"]) * 100)
            assert shown == (price and price[0])
            assert len(await shop.prices(item["id"])) == len(world.products[item["id"]].prices)
            assert len(await shop.stock(item["id"])) == len(world.products[item["id"]].stock)


async def test_log_and_journals_agree_word_for_word(after: Run, told: list[Stored]) -> None:
    done = await dropship("log", "verify", "--home", str(after.stack.home))
    assert done.code == 0, done.said


async def test_nothing_is_left_undone_or_given_up(after: Run, told: list[Stored]) -> None:
    client = await after.stack.nats()

    async def no_work_is_left() -> bool:
        return await log.count(client, "WORK") == 0

    try:
        await eventually(no_work_is_left, within_s=45, what="the last command")
        assert await log.count(client, "DEAD") == 0
    finally:
        await client.close()
    for table in ("tracker.parked", "gateway.parked", "scraper.parked", "scraper.dead_commands"):
        assert await after.stack.sql(f"SELECT * FROM {table}") == [], table  # noqa: S608
    assert await after.stack.sql("SELECT * FROM tracker.pending_imports") == []


async def test_each_victim_was_replaced_within_seconds(after: Run) -> None:
    assert [one.victim for one in after.recoveries] == list(VICTIMS)
    slowest = max(max(one.led_s, one.ready_s, one.next_s) for one in after.recoveries)
    assert slowest < 30
    assert max(one.rush_s for one in after.recoveries) < 60
    await eventually(after.shared_evenly, within_s=20, what="a fair share for every replica")
    report = await dropship("status", "--home", str(after.stack.home))
    assert report.code == 0, report.said
