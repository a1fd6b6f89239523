"""Suppliers have bad days: an import fails with a reason or waits, and no price is made up."""

import asyncio

import pytest

from dropship.contracts.products import PriceChanged, ProductVanished, StockChanged
from dropship.contracts.suppliers import SupplierSuspended
from dropship.runtime.testing import eventually
from integration import log
from integration.running import Stack
from integration.shop import Shop
from integration.supplier import FEED, Supplier

WEATHER = [
    pytest.param(
        "amazon-fr",
        {"mode": "503", "source": "amazon-fr"},
        "server_error",
        id="an overloaded supplier",
    ),
    pytest.param(
        "amazon-it",
        {"mode": "timeout", "source": "amazon-it", "delay_s": 0.3},
        "unreachable",
        id="a silent supplier",
    ),
    pytest.param(
        "amazon-es", {"mode": "cut_off", "source": "amazon-es"}, "truncated", id="half a page"
    ),
    pytest.param(FEED, {"mode": "500", "route": "feed"}, "server_error", id="a broken feed"),
]


async def _memory(shop: Shop, id_: str) -> tuple[object, object, object]:
    """What is remembered of a product, but for when it was last looked for."""
    product = await shop.product(id_)
    kept = {
        k: v
        for k, v in product.items()
        if k not in {"last_seen_at", "last_failure", "last_failed_at"}
    }
    return kept, await shop.prices(id_), await shop.stock(id_)


@pytest.mark.parametrize(("source", "fault", "reason"), WEATHER)
async def test_bad_weather_at_a_supplier_fails_the_import_with_a_reason_and_changes_no_known_price(
    shop: Shop, supplier: Supplier, source: str, fault: dict[str, object], reason: str
) -> None:
    known, wanted = [product["id"] for product in await supplier.take(source, 2)]
    id_ = await shop.has_imported(source, known)
    before = await _memory(shop, id_)
    await shop.connects("other", f"{supplier.url}/feed/products.csv?other")
    await supplier.misbehaves(**fault)  # type: ignore[arg-type]
    await supplier.sets(known, price="1.00")
    try:
        other = f"{FEED}-other" if source == FEED else source
        job = await shop.ended(await shop.imports(other, wanted))
        assert (job["status"], job["error"]) == ("FAILED", reason)
        assert job["result"] is None
        assert job["timeline"][-1]["what"] == "ImportFailed"
        assert job["timeline"][-1]["reason"].startswith(reason)

        async def the_check_has_failed_too() -> bool:
            return (await shop.product(id_))["last_failure"] is not None

        await eventually(the_check_has_failed_too, within_s=20, what="a failed check")
        assert await _memory(shop, id_) == before
    finally:
        await supplier.behaves()


async def test_a_supplier_that_shows_robot_checks_is_left_alone_and_its_known_prices_stay(
    stack: Stack, shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    known, wanted = [product["id"] for product in await supplier.take("amazon-de", 2)]
    id_ = await shop.has_imported("amazon-de", known)
    await shop.asks("PATCH", f"/v1/products/{id_}", json={"check_every_s": 3600})
    before = await _memory(shop, id_)
    await supplier.misbehaves("captcha", source="amazon-de")
    await supplier.sets(known, price="1.00")
    try:
        job = await neighbour.ended(await neighbour.imports("amazon-de", known))
        assert (job["status"], job["error"]) == ("FAILED", "blocked_captcha")
        assert await _memory(shop, id_) == before
        waiting = await shop.imports("amazon-de", wanted)
        job = await shop.job_until(waiting, lambda job: len(job["timeline"]) > 2, "being put off")
        assert (job["status"], job["timeline"][-1]["reason"]) == ("RUNNING", "supplier_suspended")
        assert await supplier.visits(wanted) == []
        assert (await shop.asks("POST", f"/v1/jobs/{waiting}/cancel")).status_code == 200
    finally:
        await supplier.behaves()
    client = await stack.nats()
    try:
        (rest,) = log.of_type(await log.said(client), SupplierSuspended)
    finally:
        await client.close()
    assert rest.envelope.subject == "supplier:amazon-de"


async def test_an_import_that_meets_a_passing_failure_is_tried_again_and_tells_so(
    shop: Shop, supplier: Supplier
) -> None:
    wanted = [product["id"] for product in await supplier.take("amazon-com", 3)]
    for id_, mode in zip(wanted, ("503", "cut_off", "reset"), strict=True):
        await supplier.misbehaves(mode, id=id_, count=1)
    jobs = [await shop.imports("amazon-com", id_) for id_ in wanted]
    for job in await asyncio.gather(*(shop.ended(id_) for id_ in jobs)):
        assert job["status"] == "SUCCESS"
        told = [step["what"] for step in job["timeline"]]
        assert told == [
            "ImportRequested",
            "WorkStarted",
            "WorkRetried",
            "WorkStarted",
            "ImportCompleted",
        ]
        assert job["timeline"][2]["reason"] in {"server_error", "truncated", "unreachable"}


async def test_a_mistyped_id_fails_as_not_found_and_is_not_watched_for_ever(
    stack: Stack, shop: Shop, supplier: Supplier
) -> None:
    (amazon, feed) = await asyncio.gather(
        shop.imports("amazon-co-uk", "B000000000"), shop.imports(FEED, "SKU-404")
    )
    for job in (await shop.ended(amazon), await shop.ended(feed)):
        assert (job["status"], job["error"]) == ("FAILED", "not_found")
    assert (await shop.shows("/v1/products"))["items"] == []
    watches = await stack.sql("SELECT 1 FROM tracker.watches WHERE tenant_id = %s", shop.tenant)
    assert watches == []


async def test_a_page_that_stays_gone_is_told_as_vanished_and_its_last_price_is_kept(
    stack: Stack, shop: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-co-uk")
    id_ = await shop.has_imported("amazon-co-uk", wanted)
    prices, stock = await shop.prices(id_), await shop.stock(id_)
    await supplier.misbehaves("404", id=wanted)
    client = await stack.nats()

    async def facts() -> list[type]:
        told = log.of_type(await log.said(client), PriceChanged, StockChanged, ProductVanished)
        types = {t.wire_type(): t for t in (PriceChanged, StockChanged, ProductVanished)}
        return [types[m.envelope.type] for m in told if m.envelope.partitionkey == id_]

    async def it_has_vanished() -> bool:
        return ProductVanished in await facts()

    try:
        await eventually(it_has_vanished, within_s=20, what="three looks at a missing page")
        assert await facts() == [PriceChanged, StockChanged, ProductVanished, StockChanged]
    finally:
        await client.close()
        await supplier.behaves()
    assert await shop.prices(id_) == prices
    assert await shop.stock(id_) == [*stock, ("discontinued", 0)]


async def test_a_cancelled_import_stays_cancelled_even_when_the_supplier_answers_in_the_end(
    stack: Stack, shop: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-com")
    await supplier.misbehaves("slow", id=wanted, count=1, delay_s=1.5)
    job_id = await shop.imports("amazon-com", wanted)
    await shop.job_until(job_id, lambda job: job["status"] == "RUNNING", "its start")
    assert (await shop.asks("POST", f"/v1/jobs/{job_id}/cancel")).status_code == 200

    async def the_supplier_has_answered() -> bool:
        return any(visit["duration_s"] is not None for visit in await supplier.visits(wanted))

    async def the_look_has_been_told() -> bool:
        told = await stack.sql(
            "SELECT 1 FROM scraper.journal WHERE aggregate IN (SELECT 'look:' || id FROM"
            " scraper.done_commands WHERE state = 'done') AND subject LIKE 'obs.%%'"
            " AND payload LIKE %s",
            f"%{wanted}%".encode(),
        )
        return len(told) == 1

    await eventually(the_supplier_has_answered, what="the supplier's answer")
    await eventually(the_look_has_been_told, what="the look")
    job = await shop.job(job_id)
    assert (job["status"], job["result"]) == ("CANCELLED", None)
    assert (await shop.shows("/v1/products"))["items"] == []
    client = await stack.nats()
    try:
        told = [m for m in await log.said(client) if m.envelope.partitionkey == job_id]
    finally:
        await client.close()
    assert [m.subject.split(".", 2)[2] for m in told] == [
        "import.requested",
        "work.started",
        "job.cancelled",
    ]
