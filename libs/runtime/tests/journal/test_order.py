"""What is said is carried in an order that loses nothing, whatever the order of commits."""

import asyncio
import contextlib
import random

import pytest
from psycopg.errors import UniqueViolation
from toy_checks import Promised, at_rest, violations
from toy_words import CounterMoved, cause, move

from dropship.runtime.database import Database
from dropship.runtime.testing import eventually
from toy_house import Toy

WRITERS, ROUNDS, COUNTERS = 8, 10, 20


class RolledBack(Exception):
    """The writer changes its mind."""


class Writer:
    """One transaction that has taken its journal position and does not commit until told."""

    def __init__(self, database: Database, number: int, counter: str, *, gives_up: bool) -> None:
        self.counter, self.gives_up = counter, gives_up
        self.written, self.released = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._write(database, number))

    async def _write(self, database: Database, number: int) -> None:
        try:
            async with database.transaction(cause(number)) as tx:
                await move(tx, self.counter)
                await tx.flush()
                self.written.set()
                await self.released.wait()
                if self.gives_up:
                    raise RolledBack
        except RolledBack:
            pass


async def unsent(toy: Toy) -> int:
    return int(await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NULL"))


async def commit_in_disorder(toy: Toy, database: Database, seed: int) -> int:
    """Rounds of writers that commit in another order than they wrote; how many moves stood."""
    choose = random.Random(seed)  # noqa: S311 - reproducible on purpose
    stood = 0
    for turn in range(ROUNDS):
        counters = choose.sample(range(COUNTERS), WRITERS)
        writers = [
            Writer(database, turn * 100 + n, f"c{counter}", gives_up=choose.random() < 0.1)
            for n, counter in enumerate(counters)
        ]
        for writer in writers:
            await writer.written.wait()
        choose.shuffle(writers)
        for half in (writers[: WRITERS // 2], writers[WRITERS // 2 :]):
            for writer in half:
                writer.released.set()
                await writer.task
                stood += not writer.gives_up
            await eventually(lambda: _none(toy), what="sent")
    return stood


async def _none(toy: Toy) -> bool:
    return await unsent(toy) == 0


async def would_have_been_skipped(toy: Toy) -> int:
    """Rows that a relay remembering the last position would never have looked at again."""
    rows = await toy.rows("SELECT position FROM journal ORDER BY stream_seq")
    highest, skipped = 0, 0
    for (position,) in rows:
        skipped += position < highest
        highest = max(highest, position)
    return skipped


async def test_commits_out_of_order_lose_nothing_and_keep_each_thing_s_own_order(toy: Toy) -> None:
    async with toy.running(pool_size=WRITERS + 6) as service:
        stood = await commit_in_disorder(toy, service.database, seed=7)
        await at_rest(toy)
    assert await violations(toy, Promised(moves=stood)) == []
    assert await would_have_been_skipped(toy) >= ROUNDS, "the hazard must have been there"


async def test_positions_are_drawn_one_at_a_time_so_that_order_can_be_kept(toy: Toy) -> None:
    """Wire law: a cache of positions per connection breaks the order (journal.md 3)."""
    rows = await toy.rows("SELECT cache_size FROM pg_sequences WHERE sequencename LIKE 'journal%%'")
    assert rows == [(1,)]


async def test_a_version_said_twice_undoes_the_whole_transaction(toy: Toy) -> None:
    async with toy.database_of_toy() as database:
        for number, expected in ((1, None), (2, UniqueViolation)):

            async def say(number: int = number) -> None:
                async with database.transaction(cause(number)) as tx:
                    await tx.execute("INSERT INTO counters (id, version) VALUES (%s, 1)", (number,))
                    tx.say(CounterMoved(counter="a", number=1), about="counter:a", version=1)

            if expected is None:
                await say()
            else:
                with pytest.raises(expected):
                    await say()
    assert await toy.value("SELECT count(*) FROM counters") == 1


async def test_a_handler_that_runs_again_says_the_same_message(toy: Toy) -> None:
    async with toy.database_of_toy() as database:
        ids = []
        for _ in range(2):
            with contextlib.suppress(RolledBack):
                async with database.transaction(cause(1)) as tx:
                    moved = CounterMoved(counter="a", number=1)
                    ids.append(tx.say(moved, about="counter:a", version=1))
                    raise RolledBack
    assert ids[0] == ids[1]


@pytest.mark.parametrize("rows", [3, 40])
async def test_few_rows_and_many_rows_are_written_alike(toy: Toy, rows: int) -> None:
    async with toy.database_of_toy() as database:
        async with database.transaction(cause(1)) as tx:
            for number in range(rows):
                moved = CounterMoved(counter="a", number=number + 1)
                tx.say(moved, about="counter:a", version=number + 1, key="a")
        found = await toy.rows("SELECT version, subject FROM journal ORDER BY position")
    assert found == [(n + 1, found[0][1]) for n in range(rows)]
    assert found[0][1].endswith(".counter.moved")
