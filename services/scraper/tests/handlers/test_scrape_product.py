"""Looks as they are told: offers, failures, and nothing where nobody waits."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.envelope import JSON, SCHEMAS, SPEC, Envelope
from dropship.contracts.ids import product_id
from dropship.contracts.jobs import JobCancelled
from dropship.contracts.money import Money
from dropship.contracts.offers import (
    FailureReason,
    Flag,
    ObservationFailed,
    OfferObserved,
    ScrapeProduct,
)
from dropship.contracts.suppliers import SupplierSuspended
from dropship.runtime.clock import SystemClock
from dropship.runtime.database import Database
from dropship.runtime.egress import Egress
from dropship.runtime.errors import Retry
from dropship.runtime.testing import Scene
from dropship.runtime.testing.prepared import Answer, PreparedServer, by_path, serving
from dropship.runtime.working import ATTEMPTS, Task
from dropship.scraper.adapters import amazon
from dropship.scraper.adapters.port import Tools
from dropship.scraper.adapters.transport import BrowserTransport, PlainTransport
from dropship.scraper.domain.reading import Look
from dropship.scraper.handlers.scrape_product import Looking
from dropship.scraper.projections.cancelled_jobs import remember_cancelled

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATH = "/dp/B0HANDMADE"
RECORDED = Path(__file__).parents[1] / "adapters" / "amazon"
GOOD = Answer(200, {}, (RECORDED / "in_stock.html").read_bytes())
ROBOT_CHECK = Answer(200, {}, (RECORDED / "robot_check.html").read_bytes())
USED_ONLY = Answer(
    200,
    {},
    GOOD.body.replace(b'id="corePrice_feature_div"', b'id="usedBuySection"')
    .replace(b'id="add-to-cart-button"', b'id="add-to-cart-button-ubb"')
    .replace(b"Nur noch 3 auf Lager", b"Auf Lager"),
)
NO_PRICE = Answer(200, {}, GOOD.body.replace(b"1.024", b"1.0.24"))


def task_of(attempt: int = 1, number: int = 1, **more: Any) -> Task[ScrapeProduct]:
    source = more.pop("source", "amazon-de")
    command = ScrapeProduct(
        product_id=product_id(source, "B0HANDMADE"),
        source=source,
        external_id="B0HANDMADE",
        **more,
    )
    id_ = UUID(int=number)
    envelope = Envelope(
        specversion=SPEC,
        id=str(id_),
        source="tracker",
        type=command.wire_type(),
        subject=f"command:{id_}",
        time=AT,
        dataschema=f"{SCHEMAS}{command.wire_type()}.json",
        datacontenttype=JSON,
        partitionkey=command.product_id,
        data=msgspec.Raw(msgspec.json.encode(command)),
        correlationid=str(id_),
        tenant="a-tenant",
    )
    return Task(command, id_, envelope, attempt, AT)


async def find_look(command: ScrapeProduct) -> Look:
    return Look(source=command.source, external_id=command.external_id)


@asynccontextmanager
async def looking_at(
    database: Database, answers: Mapping[str, Answer], looks_per_minute: int = 60_000
) -> AsyncIterator[tuple[Looking, PreparedServer]]:
    egress = Egress(development=True)
    browser = BrowserTransport(egress, timeout_s=0.5)
    threads = ThreadPoolExecutor(1)
    async with serving(by_path(answers)) as server:
        tools = Tools(browser, PlainTransport(egress), server.url, looks_per_minute)
        suppliers = {"amazon": amazon.plugin(tools)}
        yield (
            Looking(database, SystemClock(), suppliers, find_look, threads, lambda: 0.0),
            server,
        )
        await browser.close()
        await egress.aclose()
    threads.shutdown()


async def do(looking: Looking, task: Task[ScrapeProduct]) -> None:
    """As the runtime does it: outcome in one transaction caused by the command."""
    outcome = await looking.scrape_product(task)
    async with looking.database.transaction(task.envelope) as tx:
        await outcome(tx)


def scene_of(database: Database) -> Scene:
    return Scene(database, [OfferObserved, ObservationFailed, SupplierSuspended, JobCancelled])


async def test_a_readable_page_is_told_as_an_offer_of_nobody_s(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {PATH: GOOD}) as (looking, _):
        await do(looking, task_of(job_id="a-job"))
    (envelope,) = await scene.envelopes()
    offer = msgspec.json.decode(envelope.data, type=OfferObserved)
    assert offer.price == Money("1024.95", "EUR")
    assert (offer.availability, offer.quantity) == (Availability.low, 3)
    assert offer.observed_at == AT
    assert len(offer.evidence.content_sha256) == 64
    assert envelope.tenant is None
    assert envelope.partitionkey == offer.product_id
    assert envelope.causationid == str(UUID(int=1))


async def test_a_used_copy_is_never_told_as_the_cost_of_a_new_one(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {PATH: USED_ONLY}) as (looking, _):
        await do(looking, task_of())
    (offer,) = await scene.said()
    assert isinstance(offer, OfferObserved)
    assert Flag.used_only in offer.flags
    assert (offer.price, offer.availability) == (None, Availability.in_stock)


async def test_a_page_on_offer_without_a_certain_price_is_no_fact(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {PATH: NO_PRICE}) as (looking, _):
        await do(looking, task_of())
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.unknown_layout


async def test_a_robot_check_is_tried_again_and_then_told(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {PATH: ROBOT_CHECK}) as (looking, server):
        for attempt in (1, 2):
            with pytest.raises(Retry) as caught:
                await do(looking, task_of(attempt))
            assert caught.value.reason == "blocked_captcha"
        await do(looking, task_of(3))
        assert len(server.asked) == 3
    suspended, failure = await scene.said()
    assert isinstance(suspended, SupplierSuspended)
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.blocked_captcha
    assert await database.fetch_all("SELECT 1 FROM waits") == []


async def test_being_told_to_slow_down_stops_looks_at_the_whole_source(
    database: Database,
) -> None:
    slow = Answer(429, {"retry-after": "120"}, b"")
    async with looking_at(database, {PATH: slow}) as (looking, server):
        with pytest.raises(Retry) as caught:
            await do(looking, task_of(number=1))
        assert caught.value.after_s == 120.0
        with pytest.raises(Retry) as caught:
            await do(looking, task_of(number=2))
        assert caught.value.reason == "supplier_suspended"
        assert 115.0 < caught.value.after_s <= 130.0
        assert len(server.asked) == 1


async def test_a_page_that_is_gone_is_told_at_once(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {}) as (looking, server):
        await do(looking, task_of())
        assert len(server.asked) == 1
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.not_found


async def test_half_a_page_and_no_page_are_tried_again(database: Database) -> None:
    half = msgspec.structs.replace(GOOD, cut_at=700, announced=False)
    for number, answer in enumerate((half, Answer(503), Answer(is_silent=True)), start=1):
        async with looking_at(database, {PATH: answer}) as (looking, _):
            with pytest.raises(Retry):
                await do(looking, task_of(number=number))


async def test_a_look_that_nobody_waits_for_is_not_made(database: Database) -> None:
    scene = scene_of(database)
    await scene.hears(remember_cancelled, scene.heard(JobCancelled(job_id="a-job"), key="a-job"))
    late = AT - timedelta(seconds=1)
    async with looking_at(database, {PATH: GOOD}) as (looking, server):
        await do(looking, task_of(job_id="a-job"))
        await do(looking, task_of(number=2, not_after=late))
        assert server.asked == []
        assert await scene.said() == []
        await do(looking, task_of(number=3, not_after=late, job_id="another-job"))
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.too_late


async def test_a_supplier_that_is_not_plugged_in_is_named_as_such(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {}) as (looking, _):
        await do(looking, task_of(source="bol-nl"))
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.supplier_unknown


async def test_a_look_beyond_the_budget_waits_for_its_turn_once(database: Database) -> None:
    async with looking_at(database, {PATH: GOOD}, looks_per_minute=6) as (looking, server):
        await do(looking, task_of(number=1))
        with pytest.raises(Retry) as caught:
            await do(looking, task_of(number=2))
        assert caught.value.reason == "supplier_budget"
        assert 8.0 < caught.value.after_s <= 10.0
        await do(looking, task_of(number=2, attempt=2))
        assert len(server.asked) == 2


async def test_the_queue_s_last_attempt_ends_as_a_fact(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {PATH: Answer(503)}) as (looking, _):
        await do(looking, task_of(ATTEMPTS))
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.reason is FailureReason.server_error


async def test_a_parked_look_is_still_told_to_whoever_waits(database: Database) -> None:
    scene = scene_of(database)
    async with looking_at(database, {}) as (looking, _):
        task = task_of(ATTEMPTS + 1)
        async with database.transaction(task.envelope) as tx:
            await looking.give_up(task, tx, "gave up: it never came to an end")
    (failure,) = await scene.said()
    assert isinstance(failure, ObservationFailed)
    assert failure.detail == "gave up: it never came to an end"
