"""What is remembered is compared with the log itself, while everything goes on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text
from toy_words import CounterMoved, cause, move

from dropship.runtime import rebuilding
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.runtime.rebuilding import Memory, NotRebuilt, Rebuilt, rebuild
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy

HEARD = Table(
    "heard",
    MetaData(schema="toy"),
    Column("id", Text, primary_key=True),
    Column("times", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("broken", Boolean, nullable=False),
)
_COUNT = """
INSERT INTO heard (id, times, last) VALUES (%(id)s, 1, %(n)s)
    ON CONFLICT (id) DO UPDATE SET times = heard.times + 1, last = %(n)s,
       broken = heard.broken OR %(n)s <> heard.last + 1
"""


async def add_up(batch: Sequence[Heard[CounterMoved]], tx: Transaction) -> None:
    """How often every counter moved, and whether a move is missing. One name cannot be heard."""
    for heard in batch:
        if heard.event.counter == "poison":
            raise ValueError("cannot be heard")
        await tx.execute(_COUNT, {"id": heard.event.counter, "n": heard.event.number})


async def say_again(batch: Sequence[Heard[CounterMoved]], tx: Transaction) -> None:
    """What a service does that can not be rebuilt."""
    for heard in batch:
        tx.say(heard.event, about=heard.event.counter, version=1)


COUNTED = Memory("toy", (HEARD,), add_up)


def listens(service: Service) -> None:
    service.hears_many(add_up)


async def rebuilt(toy: Toy, memory: Memory = COUNTED) -> Rebuilt:
    async with toy.bus("rebuild") as bus:
        dsn = toy.servers.postgres.dsn(toy.database)
        return await rebuild(bus, dsn, memory, lambda _done, _end: None)


async def moves(database: Database, count: int, counters: int = 7, first: int = 0) -> None:
    for number in range(first, first + count):
        async with database.transaction(cause(number)) as tx:
            await move(tx, f"c{number % counters}")


@pytest_asyncio.fixture(loop_scope="session")
async def moved(toy: Toy) -> AsyncIterator[Toy]:
    """A toy that has heard a hundred moves and is still running."""
    async with toy.running(listens) as service:
        await moves(service.database, 100)
        await heard(toy, 100)
        yield toy


async def heard(toy: Toy, times: int) -> None:
    async def all_of_it() -> bool:
        return bool(await toy.value("SELECT sum(times) FROM heard") == times)

    await eventually(all_of_it, within_s=20)


async def test_rows_that_follow_from_the_log_are_found_equal_and_left_alone(moved: Toy) -> None:
    before = await moved.rows("SELECT xmin::text, * FROM heard ORDER BY id")
    found = await rebuilt(moved)
    assert (found.differing, found.events, found.running) == ([], 100, True)
    assert found.before == found.after
    assert not found.replaced
    assert await moved.rows("SELECT xmin::text, * FROM heard ORDER BY id") == before


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE heard SET times = times + 1 WHERE id = 'c3'",
        "DELETE FROM heard WHERE id = 'c3'",
        "INSERT INTO heard (id, times, last) VALUES ('c8', 1, 1)",
        "TRUNCATE heard",
    ],
)
async def test_rows_that_do_not_are_replaced(moved: Toy, harm: str) -> None:
    before = await moved.rows("SELECT * FROM heard ORDER BY id")
    await moved.rows(harm)
    found = await rebuilt(moved)
    assert (found.differing, found.replaced) == (["heard"], True)
    assert await moved.rows("SELECT * FROM heard ORDER BY id") == before
    assert (await rebuilt(moved)).differing == []


async def test_what_happens_meanwhile_is_in_no_comparison_and_in_every_replacement(
    toy: Toy,
) -> None:
    async with toy.running(listens) as service:
        await moves(service.database, 50)
        await heard(toy, 50)
        busy = asyncio.create_task(moves(service.database, 400, first=50))
        found = []
        while not busy.done():
            found.append(await rebuilt(toy))
            await toy.rows("UPDATE heard SET times = times + 1000 WHERE id = 'c1'")
            found.append(await rebuilt(toy))
        assert [one.differing for one in found] == [[], ["heard"]] * (len(found) // 2)
        await busy
        await heard(toy, 450)
    assert await toy.rows("SELECT id FROM heard WHERE broken OR times <> last") == []


async def test_it_needs_no_running_service(toy: Toy) -> None:
    nothing = await rebuilt(toy)
    assert (nothing.differing, nothing.seq, nothing.running) == ([], 0, False)
    async with toy.running(listens) as service:
        await moves(service.database, 20)
        await heard(toy, 20)
    await toy.rows("DELETE FROM replicas")
    await toy.rows("TRUNCATE heard")
    found = await rebuilt(toy)
    assert (found.replaced, found.running) == (True, False)
    await heard(toy, 20)


async def test_a_service_that_says_things_is_refused(moved: Toy) -> None:
    said = await moved.value("SELECT count(*) FROM journal")
    with pytest.raises(NotRebuilt, match="says things"):
        await rebuilt(moved, Memory("toy", (HEARD,), say_again))
    assert await moved.value("SELECT count(*) FROM journal") == said


async def test_what_is_parked_is_on_neither_side_and_what_was_dropped_is_named(toy: Toy) -> None:
    async with toy.running(listens) as service:
        async with service.database.transaction(cause("poison")) as tx:
            await move(tx, "poison")
        await moves(service.database, 10)
        await heard(toy, 10)
        await eventually(lambda: toy.rows("SELECT 1 FROM parked"), within_s=20)
        found = await rebuilt(toy)
        assert (found.differing, found.parked, found.failed) == ([], 1, [])
        await toy.rows("DELETE FROM parked")
        found = await rebuilt(toy)
        assert (found.differing, found.parked) == ([], 0)
        assert "cannot be heard" in found.failed[0]
        await toy.rows("UPDATE heard SET times = 0")
        with pytest.raises(NotRebuilt, match="cannot be heard"):
            await rebuilt(toy)


async def test_too_many_rows_are_not_replaced_under_a_running_service(
    moved: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "REPLACE_S", 0.0)
    await moved.rows("UPDATE heard SET times = 0")
    with pytest.raises(NotRebuilt, match="Stop it"):
        await rebuilt(moved)
    wrong: list[Any] = await moved.rows("SELECT DISTINCT times FROM heard")
    assert wrong == [(0,)]
