"""One budget per source, however many replicas ask at once."""

import asyncio
from itertools import pairwise

from dropship.contracts.suppliers import SupplierResumed, SupplierSuspended
from dropship.runtime.database import Database
from dropship.runtime.testing import Scene
from dropship.scraper.domain.reading import PageKind
from dropship.scraper.handlers import pace

SOURCE = "amazon-de"


async def block(database: Database, kind: PageKind, wished_s: float | None = None) -> float | None:
    async with database.transaction() as tx:
        return await pace.blocked(tx, SOURCE, kind, wished_s)


async def test_turns_are_handed_out_one_after_the_other_to_all_replicas(
    database: Database,
) -> None:
    turns = await asyncio.gather(
        *(pace.take_turn(database, SOURCE, looks_per_minute=60) for _ in range(20))
    )
    waits = sorted(turn.wait_s for turn in turns)
    assert waits[:5] == [0.0] * 5
    gaps = [later - sooner for sooner, later in pairwise(waits[5:])]
    assert all(0.7 < gap < 1.3 for gap in gaps)
    assert 13.0 < waits[-1] < 15.5


async def test_sources_have_budgets_of_their_own(database: Database) -> None:
    for _ in range(3):
        await pace.take_turn(database, SOURCE, looks_per_minute=1)
    other = await pace.take_turn(database, "amazon-fr", looks_per_minute=1)
    assert other.wait_s == 0.0


async def test_a_suspension_is_said_once_and_its_end_once(database: Database) -> None:
    scene = Scene(database, [SupplierSuspended, SupplierResumed])
    rests = [await block(database, PageKind.captcha) for _ in range(5)]
    assert rests == [None, None, 30.0, 60.0, 120.0]
    (suspended,) = await scene.said()
    assert isinstance(suspended, SupplierSuspended)
    assert (suspended.source, suspended.reason) == (SOURCE, "captcha")
    for _ in range(3):
        async with database.transaction() as tx:
            await pace.answered(tx, SOURCE)
    (resumed,) = await scene.said()
    assert resumed == SupplierResumed(source=SOURCE)
    await block(database, PageKind.rate_limited)
    assert len(await scene.said()) == 1


async def test_a_suspended_source_gives_no_turn_and_then_a_single_probe(
    database: Database,
) -> None:
    await block(database, PageKind.rate_limited, 60.0)
    turn = await pace.take_turn(database, SOURCE, looks_per_minute=6000)
    assert turn.suspended_s is not None
    assert 55.0 < turn.suspended_s <= 60.0
    await database.fetch_all(
        "UPDATE budgets SET suspended_until = now() - interval '1 s' RETURNING 1"
    )
    turns = await asyncio.gather(
        *(pace.take_turn(database, SOURCE, looks_per_minute=6000) for _ in range(8))
    )
    assert sum(turn.suspended_s is None for turn in turns) == 1


async def test_a_good_answer_forgets_earlier_blocks(database: Database) -> None:
    for _ in range(2):
        await block(database, PageKind.captcha)
        await block(database, PageKind.soft_block)
        async with database.transaction() as tx:
            await pace.answered(tx, SOURCE)
    assert await pace.suspension_s(database, SOURCE) is None
