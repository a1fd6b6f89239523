"""What the tracker does by itself: turns, second asks, deadlines and due checks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.messages import Message
from dropship.contracts.offers import FailureReason, ObservationFailed, OfferObserved, ScrapeProduct
from dropship.contracts.products import ProductUnwatched
from dropship.tracker.domain.importing import FEWEST_SLOTS
from dropship.tracker.handlers.releasing_checks import release_checks

Offer = Callable[..., OfferObserved]
Failure = Callable[..., ObservationFailed]
Minute = Callable[[float], Any]


def of(said: list[Message], type_: type[Message]) -> list[Any]:
    return [message for message in said if isinstance(message, type_)]


async def a_backlog(story: Any, tenant: str, count: int) -> None:
    await story.hears(
        *(
            story.requested(f"{tenant}-{n}", tenant=tenant, item=f"{tenant}{n}")
            for n in range(count)
        )
    )


async def test_a_flood_of_imports_waits_here_and_not_in_the_supplier_s_queue(story: Any) -> None:
    requests = [story.requested(f"job-{n}", item=f"B{n}") for n in range(FEWEST_SLOTS + 30)]
    said = await story.hears(*requests)
    assert len(of(said, ScrapeProduct)) == FEWEST_SLOTS
    assert of(await story.goes_round(), ScrapeProduct) == []


async def test_a_newcomer_is_looked_for_beside_the_flood_of_another(
    story: Any, offer: Offer
) -> None:
    await a_backlog(story, "anna", FEWEST_SLOTS + 30)
    said = await story.hears(story.requested("bert-1", tenant="bert", item="pot"))
    assert of(said, ScrapeProduct) == []
    done = [story.looked(offer(item=f"anna{n}")) for n in range(4)]
    assert len(of(await story.hears(*done), ImportCompleted)) == 4
    said = of(await story.goes_round(story.minding.take_turns), ScrapeProduct)
    assert len(said) == 4
    assert "pot" in {scrape.external_id for scrape in said}


async def test_every_import_of_a_flood_is_asked_for_in_the_end(story: Any, offer: Offer) -> None:
    await a_backlog(story, "anna", 3 * FEWEST_SLOTS)
    ended = 0
    for _ in range(3):
        items = await story.rows("looks JOIN products ON id = product_id", "external_id, id")
        looks = [story.looked(offer(item=item)) for item, _ in items]
        ended += len(of(await story.hears(*looks), ImportCompleted))
        await story.goes_round(story.minding.take_turns)
    assert ended == 3 * FEWEST_SLOTS


async def test_a_large_budget_asks_for_everything_at_once(story: Any) -> None:
    await story.bears(6000)
    requests = [story.requested(f"job-{n}", item=f"B{n}") for n in range(100)]
    assert len(of(await story.hears(*requests), ScrapeProduct)) == 100


async def test_a_silent_look_is_asked_for_once_more_then_the_import_fails(story: Any) -> None:
    await story.hears(story.requested("job-1"))
    assert await story.goes_round() == []
    story.clock.advance(60)
    (again,) = await story.goes_round()
    assert isinstance(again, ScrapeProduct)
    assert again.job_id == "job-1"
    story.clock.advance(200)
    assert await story.goes_round() == []
    story.clock.advance(41)
    said = await story.goes_round()
    assert [(m.job_id, m.reason) for m in of(said, ImportFailed)] == [("job-1", "timeout")]
    assert len(of(said, ProductUnwatched)) == 1
    assert await story.rows("looks") == []


async def test_a_young_import_outlives_the_timeout_of_an_old_one(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    story.clock.advance(290)
    await story.hears(story.requested("job-2"))
    story.clock.advance(11)
    said = await story.goes_round(story.minding.expire)
    assert [m.job_id for m in of(said, ImportFailed)] == ["job-1"]
    assert of(said, ProductUnwatched) == []
    said = await story.hears(story.looked(offer()))
    assert [m.job_id for m in of(said, ImportCompleted)] == ["job-2"]


async def imported(story: Any, offer: Offer, *items: str) -> None:
    for item in items:
        await story.hears(story.requested(f"job-{item}", item=item))
        await story.hears(story.looked(offer(item=item)))


async def test_a_product_is_checked_again_when_its_interval_has_passed(
    story: Any, offer: Offer
) -> None:
    await story.bears(60)
    await imported(story, offer, "B1")
    story.clock.advance(50)
    assert await story.goes_round(release_checks) == []
    story.clock.advance(17)
    (check,) = await story.goes_round(release_checks)
    assert isinstance(check, ScrapeProduct)
    assert check.job_id is None
    assert check.not_after == story.clock.now() + timedelta(seconds=120)
    assert await story.goes_round(release_checks) == []
    subjects = {row[1] for row in await story.rows("journal", "stream, subject")}
    assert "work.scraper.amazon.later.scrape_product" in subjects


async def test_a_lost_check_is_due_again_when_it_is_late(story: Any, offer: Offer) -> None:
    await story.bears(60)
    await imported(story, offer, "B1")
    story.clock.advance(70)
    first = await story.goes_round(release_checks)
    story.clock.advance(119)
    assert await story.goes_round(release_checks) == []
    story.clock.advance(2)
    assert len(await story.goes_round(release_checks)) == len(first) == 1


async def test_checks_wait_until_the_supplier_s_budget_is_known(story: Any, offer: Offer) -> None:
    await imported(story, offer, "B1")
    story.clock.advance(600)
    assert await story.goes_round(release_checks) == []


async def test_no_more_checks_are_released_than_the_supplier_bears(
    story: Any, offer: Offer
) -> None:
    await story.bears(4)
    await imported(story, offer, *(f"B{n}" for n in range(9)))
    story.clock.advance(600)
    released = []
    for _ in range(4):
        released.append(len(await story.goes_round(release_checks)))
        story.clock.advance(30)
    assert released == [4, 2, 2, 1]


async def test_a_product_that_an_import_has_looked_at_is_not_checked_besides(
    story: Any, offer: Offer
) -> None:
    await story.bears(60)
    await imported(story, offer, "B1")
    story.clock.advance(600)
    await story.hears(story.requested("job-2", tenant="bert"))
    assert await story.goes_round(release_checks) == []


async def test_a_look_plans_the_next_one_and_a_dropped_check_is_due_at_once(
    story: Any, offer: Offer, failure: Failure, minute: Minute
) -> None:
    await imported(story, offer, "B1")
    ((_, planned, attempts),) = await story.rows("checks", "source, next_check_at, attempts")
    assert minute(0.9) <= planned <= minute(1.1)
    await story.hears(story.looked(failure(5)))
    ((_, planned, attempts),) = await story.rows("checks", "source, next_check_at, attempts")
    assert minute(5.9) <= planned <= minute(6.1)
    assert attempts == 1
    await story.hears(story.looked(failure(9, FailureReason.too_late)))
    assert await story.rows("checks", "next_check_at, attempts") == [(minute(9), 1)]
    await story.hears(story.looked(offer(10)))
    assert (await story.rows("checks", "attempts, source"))[0][0] == 0


async def test_what_went_wrong_last_is_remembered(
    story: Any, offer: Offer, failure: Failure, minute: Minute
) -> None:
    await imported(story, offer, "B1")
    await story.hears(story.looked(failure(2)))
    failures = await story.rows("products", "last_failure, last_failed_at")
    assert failures == [("blocked_captcha", minute(2))]
    await story.hears(story.looked(offer(3, currency="EUR")))
    assert (await story.rows("products", "last_failure, id"))[0][0] == "other_context"
