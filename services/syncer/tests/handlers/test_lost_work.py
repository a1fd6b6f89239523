"""A command whose message is lost for good, begun or not, holds no listing up for ever."""

from dataclasses import replace
from typing import Any

import pytest

from dropship.contracts.listings import ListingRepriced
from dropship.runtime import claims
from dropship.syncer.handlers.minding_listings import (
    ABANDONED_AFTER_S,
    LOST_AFTER_S,
    expire_leases,
    recover_brings,
)

SETTLES_S = 6.0


async def is_begun(story: Any, listing: str, price: str) -> tuple[Any, Any]:
    """A worker has claimed the command for a new price; its message is lost since. The message as
    it was, and what the worker has in hand.
    """
    await story.decides(listing, 2, price)
    await story.said()
    (delivery,) = story.queue
    story.queue.clear()
    delivery.times += 1
    claim = await story._claim(delivery, delivery.task.command)
    return delivery, replace(delivery.task, attempt=claim.attempt)


async def writes(story: Any, task: Any, outcome: Any) -> None:
    """The outcome transaction of a worker, as the runtime makes it."""
    async with story.database.transaction(task.envelope) as tx:
        await claims.finish(tx, task.command_id, task.attempt, "done")
        await outcome(tx)


async def goes_by(story: Any, seconds: float) -> None:
    await recover_brings(story.database)
    await story.goes_on(seconds)


async def test_a_command_that_was_begun_and_got_lost_is_looked_after(story: Any) -> None:
    listing = await story.lists()
    await is_begun(story, listing, "30.00")
    await story.goes_on(ABANDONED_AFTER_S + SETTLES_S - 1)
    await goes_by(story, 0)
    assert story.market.calls == [], "it may still come again"
    story.clock.advance(1)
    await recover_brings(story.database)
    row = await story.row(listing, "sync, sync_detail, bringing")
    assert row == ("unknown", "its command got lost", None)
    await story.goes_on(2)
    assert story.market.calls == [("find", listing), ("price", 3000)]
    assert await story.row(listing, "sync") == "in_sync"


async def test_a_lost_command_whose_call_had_happened_is_told_and_not_repeated(story: Any) -> None:
    listing = await story.lists()
    _, task = await is_begun(story, listing, "30.00")
    await story.bringing.call(task)
    story.market.made()
    story.clock.advance(ABANDONED_AFTER_S + SETTLES_S)
    await goes_by(story, 2)
    assert story.market.made() == []
    (said,) = await story.said()
    assert isinstance(said, ListingRepriced)
    assert (said.new.amount, said.decision_no) == ("30.00", 2)
    outcomes = await story.database.fetch_all("SELECT DISTINCT outcome FROM intents")
    assert outcomes == [("seen",)]


async def test_a_pause_behind_a_lost_command_is_made(story: Any) -> None:
    listing = await story.lists()
    await is_begun(story, listing, "30.00")
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    await story.works()
    assert story.stands(listing)[2] == 5, "one intent at a time, and that one is lost"
    await goes_by(story, 2)
    assert story.market.calls[0] == ("find", listing)
    assert story.stands(listing) == ("live", 2633, 0)
    assert await story.row(listing) == "Paused"


async def test_a_pause_that_was_lost_with_it_is_made_too(story: Any) -> None:
    listing = await story.lists()
    await is_begun(story, listing, "30.00")
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    await story.said()
    story.queue.clear()
    story.clock.advance(LOST_AFTER_S)
    await goes_by(story, 2)
    assert story.stands(listing) == ("live", 2633, 0)


async def test_a_worker_that_wakes_after_it_was_given_up_on_writes_nothing(story: Any) -> None:
    listing = await story.lists()
    _, task = await is_begun(story, listing, "30.00")
    outcome = await story.bringing.call(task)
    story.clock.advance(ABANDONED_AFTER_S + SETTLES_S)
    await goes_by(story, 2)
    await story.looks()
    await story.decides(listing, 3, "32.00")
    await story.works()
    before = await story.row(listing, "version, price_minor, bringing, sync")
    with pytest.raises(claims.Overtaken):
        await writes(story, task, outcome)
    assert await story.row(listing, "version, price_minor, bringing, sync") == before
    assert before[1] == 3200


async def test_a_worker_that_wakes_before_its_call_does_not_make_it(story: Any) -> None:
    listing = await story.lists()
    _, task = await is_begun(story, listing, "30.00")
    story.clock.advance(ABANDONED_AFTER_S + SETTLES_S)
    await goes_by(story, 2)
    story.market.made()
    with pytest.raises(claims.Overtaken):
        await story.bringing.call(task)
    assert story.market.made() == []


async def test_a_lost_message_that_comes_after_all_is_done_with(story: Any) -> None:
    listing = await story.lists()
    delivery, _ = await is_begun(story, listing, "30.00")
    story.clock.advance(ABANDONED_AFTER_S + SETTLES_S)
    await goes_by(story, 2)
    story.market.made()
    assert await story.delivers(delivery)
    assert story.market.calls == []


async def test_a_command_that_got_lost_is_ordered_again(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "30.00")
    await story.said()
    story.queue.clear()
    story.clock.advance(LOST_AFTER_S - 1)
    await recover_brings(story.database)
    await story.works()
    assert story.market.made() == []
    story.clock.advance(1)
    await recover_brings(story.database)
    await story.works()
    assert story.market.made() == [("price", 3000)]


async def test_a_command_that_was_parked_is_looked_after(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "30.00")
    await story.said()
    (delivery,) = story.queue
    story.queue.clear()
    async with story.database.transaction(delivery.task.envelope) as tx:
        await story.bringing.give_up(delivery.task, tx, "gave up")
    assert await story.row(listing, "sync, bringing") == ("unknown", None)
    await story.goes_on(2)
    assert story.stands(listing) == ("live", 3000, 5)
