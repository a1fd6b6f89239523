"""Two replicas at once: every import ends exactly once, whoever comes first."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from dropship.contracts.ids import product_id
from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.offers import OfferObserved, ScrapeProduct
from dropship.runtime.testing import eventually

KETTLE = product_id("amazon-com", "B1")
Offer = Callable[..., OfferObserved]

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = user"


async def somebody_waits_for_a_lock(story: Any) -> bool:
    row = await story.database.fetch_one(_WAITING)
    return bool(row[0])


async def test_a_look_that_arrives_while_an_import_is_being_written_completes_it(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    second, look = story.requested("job-2", tenant="bert"), story.looked(offer())
    async with story.database.transaction(second.envelope) as tx:
        await story.imports.hear([second], tx)
        heard = asyncio.create_task(story.scene.hears_many(story.looks.hear, look))
        await eventually(lambda: somebody_waits_for_a_lock(story))
    await heard
    said = await story.scene.said()
    assert [m.job_id for m in said if isinstance(m, ImportCompleted)] == ["job-1", "job-2"]
    assert await story.rows("pending_imports") == []


async def test_an_import_that_arrives_while_a_look_is_being_written_gets_its_own(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    second, look = story.requested("job-2", tenant="bert"), story.looked(offer())
    async with story.database.transaction(look.envelope) as tx:
        await story.looks.hear([look], tx)
        heard = asyncio.create_task(story.scene.hears_many(story.imports.hear, second))
        await eventually(lambda: somebody_waits_for_a_lock(story))
    await heard
    said = await story.scene.said()
    assert [m.job_id for m in said if isinstance(m, ImportCompleted)] == ["job-1"]
    assert [m.job_id for m in said if isinstance(m, ScrapeProduct)] == ["job-2"]


async def test_a_deadline_and_a_look_at_once_end_the_import_once(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    story.clock.advance(301)
    look = story.looked(offer())
    async with story.database.transaction(look.envelope) as tx:
        await story.looks.hear([look], tx)
        assert await story.goes_round(story.minding.expire) == []
    await story.minding.expire(story.database)
    said = await story.scene.said()
    assert [m.job_id for m in said if isinstance(m, ImportCompleted)] == ["job-1"]
    assert [m for m in said if isinstance(m, ImportFailed)] == []


async def test_two_replicas_in_a_hurry_end_every_import_exactly_once(
    story: Any, offer: Offer
) -> None:
    """Requests, cancellations, looks and rounds of few products, in overlapping batches."""
    items = [f"B{n}" for n in range(6)]
    requests = [
        [
            story.requested(f"job-{batch}-{n}", tenant=f"tenant-{n % 5}", item=items[n * 7 % 6])
            for n in range(20)
        ]
        for batch in range(8)
    ]
    await story.hears(*requests.pop())
    cancels = [[story.cancelled(f"job-{b}-{n}") for n in (3, 11)] for b in range(3)]

    async def hear_requests() -> None:
        for batch, cancel in zip(requests, [*cancels, *[[]] * 4], strict=True):
            await story.scene.hears_many(story.imports.hear, *batch)
            if cancel:
                await story.scene.hears_many(story.imports.hear, *cancel)

    async def hear_looks() -> None:
        for n in range(12):
            looks = [story.looked(offer(n, item=item)) for item in reversed(items)]
            await story.scene.hears_many(story.looks.hear, *looks)

    async def go_round() -> None:
        for _ in range(6):
            await story.minding.take_turns(story.database)
            await story.minding.expire(story.database)

    await asyncio.gather(hear_requests(), hear_looks(), go_round(), go_round())
    await hear_looks()
    said = await story.scene.said()
    ended = Counter(m.job_id for m in said if isinstance(m, ImportCompleted | ImportFailed))
    assert set(ended.values()) == {1}
    cancelled = {heard.event.job_id for batch in cancels for heard in batch}
    assert {f"job-{b}-{n}" for b in range(8) for n in range(20)} - set(ended) <= cancelled
    assert await story.rows("pending_imports") == []
    assert await story.rows("looks") == []
