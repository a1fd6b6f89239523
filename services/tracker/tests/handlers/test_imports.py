"""From the wish for a product to the one end of every import."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.ids import instance_of, product_id
from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.messages import Message
from dropship.contracts.offers import FailureReason, ObservationFailed, OfferObserved, ScrapeProduct
from dropship.contracts.products import (
    ProductArchived,
    ProductImported,
    ProductUnwatched,
    ProductWatched,
)
from dropship.runtime.errors import Unreadable

KETTLE = product_id("amazon-com", "B1")
Offer = Callable[..., OfferObserved]
Failure = Callable[..., ObservationFailed]


def of(said: list[Message], type_: type[Message]) -> list[Any]:
    return [message for message in said if isinstance(message, type_)]


async def test_wanting_a_product_starts_a_watch_and_one_look(story: Any) -> None:
    said = await story.hears(story.requested("job-1"))
    (watched,), (scrape,) = of(said, ProductWatched), of(said, ScrapeProduct)
    assert watched == ProductWatched(product_id=KETTLE, tenant_id="anna")
    assert (scrape.external_id, scrape.job_id) == ("B1", "job-1")
    assert scrape.not_after == story.clock.now() + timedelta(seconds=300)
    assert len(said) == 2


async def test_the_look_is_ordered_from_the_supplier_s_plugin_at_once(story: Any) -> None:
    await story.hears(story.requested("job-1", source="amazon-co-uk"))
    rows = await story.rows("journal", "stream, subject")
    assert ("WORK", "work.scraper.amazon.now.scrape_product") in rows


async def test_two_tenants_who_want_one_product_cost_one_look(story: Any, offer: Offer) -> None:
    said = await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    assert len(of(said, ScrapeProduct)) == 1
    assert [w.tenant_id for w in of(said, ProductWatched)] == ["anna", "bert"]
    said = await story.hears(story.looked(offer()))
    assert [c.job_id for c in of(said, ImportCompleted)] == ["job-1", "job-2"]
    assert await story.rows("pending_imports") == []
    assert await story.rows("looks") == []


async def test_an_import_that_comes_while_somebody_looks_shares_the_look(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    said = await story.hears(story.requested("job-2", tenant="bert"))
    assert of(said, ScrapeProduct) == []
    said = await story.hears(story.looked(offer()))
    assert len(of(said, ImportCompleted)) == 2


async def test_an_import_does_not_rely_on_a_look_asked_for_long_ago(story: Any) -> None:
    await story.hears(story.requested("job-1"))
    story.clock.advance(31)
    assert len(of(await story.hears(story.requested("job-2")), ScrapeProduct)) == 1


async def test_an_import_completes_even_when_nothing_is_new(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    await story.hears(story.looked(offer()))
    older, abroad = offer(-9, price="1.00"), offer(1, ship_to="NL", currency="EUR")
    for number, again in enumerate((offer(0), older, abroad)):
        await story.hears(story.requested(f"again-{number}"))
        said = await story.hears(story.looked(again))
        assert {type(fact) for fact in said} == {ImportCompleted}


async def test_each_import_ends_in_the_history_of_its_own_request(story: Any, offer: Offer) -> None:
    requests = [story.requested("job-1"), story.requested("job-2", tenant="bert")]
    await story.hears(*requests)
    await story.scene.hears_many(story.looks.hear, story.looked(offer()))
    ends = {e.subject: e for e in await story.scene.envelopes() if e.subject.startswith("import:")}
    for request, tenant in zip(requests, ("anna", "bert"), strict=True):
        end = ends[f"import:{request.event.job_id}"]
        assert end.causationid == request.envelope.id
        assert end.correlationid == request.envelope.correlationid
        assert (end.tenant, end.partitionkey) == (tenant, request.event.job_id)


async def test_what_is_said_of_a_product_names_no_tenant(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    await story.scene.hears_many(story.looks.hear, story.looked(offer()))
    facts = [e for e in await story.scene.envelopes() if e.subject == f"product:{KETTLE}"]
    assert len(facts) == 4
    assert {fact.tenant for fact in facts} == {None}


async def test_a_supplier_who_blocks_us_fails_every_waiting_import_with_the_reason(
    story: Any, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    said = await story.hears(story.looked(failure()))
    assert of(said, ImportFailed) == [
        ImportFailed(job_id="job-1", reason="blocked_captcha"),
        ImportFailed(job_id="job-2", reason="blocked_captcha"),
    ]
    assert await story.rows("pending_imports") == []


async def test_a_mistyped_id_leaves_no_watch_behind(story: Any, failure: Failure) -> None:
    await story.hears(story.requested("job-1"))
    said = await story.hears(story.looked(failure(0, FailureReason.not_found)))
    assert of(said, ProductUnwatched) == [ProductUnwatched(product_id=KETTLE, tenant_id="anna")]
    assert of(said, ProductArchived) == []
    assert await story.rows("watches") == []
    assert await story.rows("checks") == []


async def test_a_failed_look_at_a_known_product_keeps_its_watch(
    story: Any, offer: Offer, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"))
    await story.hears(story.looked(offer()))
    await story.hears(story.requested("job-2", tenant="bert"))
    said = await story.hears(story.looked(failure(1)))
    assert len(of(said, ImportFailed)) == 1
    assert len(await story.rows("watches")) == 2


async def test_a_failed_check_does_not_end_an_import_that_waits_for_its_own_look(
    story: Any, offer: Offer, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"))
    check = story.looked(failure(0, FailureReason.too_late), answering=UUID(int=5))
    assert await story.hears(check) == []
    answer = story.looked(failure(1), answering=await story.look_at())
    assert len(of(await story.hears(answer), ImportFailed)) == 1


async def test_another_tenant_s_feed_is_as_if_it_did_not_exist(story: Any) -> None:
    mine, yours = str(UUID(int=1)), str(UUID(int=2))
    feed = instance_of("feed", yours)
    said = await story.hears(story.requested("job-1", tenant=mine, source=feed))
    assert said == [ImportFailed(job_id="job-1", reason="not_found")]
    assert await story.rows("watches") == []
    said = await story.hears(story.requested("job-2", tenant=yours, source=feed))
    assert len(of(said, ScrapeProduct)) == 1


async def test_a_request_without_a_tenant_is_parked_for_a_person(story: Any) -> None:
    with pytest.raises(Unreadable):
        await story.hears(story.requested("job-1", tenant=None))


async def test_a_cancelled_import_takes_its_watch_back_and_never_completes(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    said = await story.hears(story.cancelled("job-1"))
    assert [type(m) for m in said] == [ProductUnwatched]
    assert of(await story.hears(story.looked(offer())), ImportCompleted) == []
    assert await story.rows("watches") == []
    assert await story.rows("looks") == []


async def test_requested_and_cancelled_in_one_breath_leaves_nothing(story: Any) -> None:
    await story.hears(story.requested("job-1"), story.cancelled("job-1"))
    assert await story.rows("pending_imports") == []
    assert await story.rows("watches") == []


async def test_who_waits_behind_a_cancelled_import_gets_a_look_of_their_own(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    first = await story.look_at()
    (scrape,) = of(await story.hears(story.cancelled("job-1")), ScrapeProduct)
    assert scrape.job_id == "job-2"
    assert await story.look_at() != first
    said = await story.hears(story.looked(offer()))
    assert [c.job_id for c in of(said, ImportCompleted)] == ["job-2"]


async def test_cancelling_an_import_that_rode_along_orders_nothing(story: Any) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    said = await story.hears(story.cancelled("job-2", tenant="bert"))
    assert [type(m) for m in said] == [ProductUnwatched]


async def test_the_tenant_s_second_import_keeps_the_watch_of_the_cancelled_first(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2"))
    said = await story.hears(story.cancelled("job-1"))
    assert of(said, ProductUnwatched) == []
    said = await story.hears(story.cancelled("job-2"))
    assert len(of(said, ProductUnwatched)) == 1


async def test_cancelling_after_the_end_changes_nothing(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    await story.hears(story.looked(offer()))
    assert await story.hears(story.cancelled("job-1")) == []
    assert len(await story.rows("watches")) == 1


async def test_a_look_at_what_nobody_asked_for_is_dropped(story: Any, offer: Offer) -> None:
    assert await story.hears(story.looked(offer())) == []
    assert await story.rows("products") == []


async def test_a_new_watcher_of_a_known_product_hears_it_imported_only_once(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    said = await story.hears(story.looked(offer()))
    await story.hears(story.requested("job-2", tenant="bert"))
    said += await story.hears(story.looked(offer(1)))
    assert len(of(said, ProductImported)) == 1
