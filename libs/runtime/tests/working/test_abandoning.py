"""An effect whose message is lost for good is ended, and nobody writes over what came after it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dropship.runtime import claims
from dropship.runtime.claims import Claim, Wanted
from dropship.runtime.database import Database
from toy_house import Toy

KEY = "listing:a"


@pytest.fixture
async def database(toy: Toy) -> AsyncIterator[Database]:
    async with toy.database_of_toy() as database:
        yield database


async def takes(database: Database, id_: UUID, delivered: int = 1, ago_s: float = 0) -> Claim:
    """A worker takes it up; its outcome could be known so many seconds ago."""
    async with database.transaction() as tx:
        settle_at = tx.at - timedelta(seconds=ago_s)
        claim = await claims.take(tx, Wanted(id_, "ListToy", "w", delivered, KEY, settle_at))
    assert claim is not None
    return claim


async def abandons(database: Database, after_s: float = 600) -> UUID | None:
    async with database.transaction() as tx:
        before: datetime = tx.at - timedelta(seconds=after_s)
        return await claims.abandon(tx, KEY, before)


async def ends(database: Database, id_: UUID, attempt: int) -> None:
    async with database.transaction() as tx:
        await claims.finish(tx, id_, attempt, "done")


async def test_what_nobody_came_back_for_frees_its_key(database: Database) -> None:
    lost, following = uuid4(), uuid4()
    await takes(database, lost, ago_s=601)
    assert await abandons(database) == lost
    assert await abandons(database) is None
    assert (await takes(database, following)).attempt == 1


async def test_what_may_still_come_again_is_left_alone(database: Database) -> None:
    id_ = uuid4()
    await takes(database, id_, ago_s=599)
    assert await abandons(database) is None
    await ends(database, id_, 1)


async def test_who_takes_it_up_again_in_time_keeps_it(database: Database) -> None:
    id_ = uuid4()
    await takes(database, id_, ago_s=601)
    again = await takes(database, id_, delivered=2)
    assert await abandons(database) is None
    await ends(database, id_, again.attempt)


async def test_a_worker_that_wakes_afterwards_is_overtaken(database: Database) -> None:
    id_ = uuid4()
    claim = await takes(database, id_, ago_s=601)
    await abandons(database)
    with pytest.raises(claims.Overtaken):
        await ends(database, id_, claim.attempt)


async def test_a_message_that_comes_after_all_is_not_done(database: Database) -> None:
    id_ = uuid4()
    await takes(database, id_, ago_s=601)
    await abandons(database)
    async with database.transaction() as tx:
        late = Wanted(id_, "ListToy", "w", 2, KEY, tx.at)
        assert await claims.take(tx, late) is None
