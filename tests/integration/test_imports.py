"""The main job: a seller names products, and from then on knows what they cost and if they last."""

import asyncio

from dropship.contracts.envelope import open_envelope
from dropship.contracts.imports import ImportCompleted, ImportRequested
from dropship.contracts.offers import OfferObserved, ScrapeProduct
from dropship.contracts.products import (
    PriceChanged,
    ProductDescribed,
    ProductImported,
    ProductWatched,
    StockChanged,
)
from dropship.contracts.work import WorkStarted
from dropship.runtime.testing import eventually
from integration import log
from integration.running import Stack
from integration.shop import Shop
from integration.supplier import FEED, Supplier


async def test_products_of_two_suppliers_are_in_the_shop_with_price_stock_and_the_story_so_far(
    shop: Shop, supplier: Supplier
) -> None:
    wanted = [(name, await supplier.take_one(name)) for name in ("amazon-com", FEED)]
    jobs = [await shop.imports(name, id_) for name, id_ in wanted]
    for (name, external_id), job_id in zip(wanted, jobs, strict=True):
        job = await shop.ended(job_id)
        assert job["status"] == "SUCCESS"
        assert [step["what"] for step in job["timeline"]] == [
            "ImportRequested",
            "WorkStarted",
            "ImportCompleted",
        ]
        assert [step["by"] for step in job["timeline"]] == ["gateway", "scraper", "tracker"]
        product = await shop.product(job["result"]["product_id"])
        truth = await supplier.shown(external_id)
        assert product["supplier"].startswith(name)
        assert (product["title"], product["external_id"]) == (truth["title"], external_id)
        assert product["price"] == truth["shown"]["price"]
        assert product["quantity"] == truth["shown"]["quantity"]
        assert await shop.prices(product["id"]) == [truth["shown"]["price"]["amount"]]
        assert await shop.stock(product["id"]) == [("in_stock", truth["shown"]["quantity"])]
    listed = {item["id"] for item in (await shop.shows("/v1/products"))["items"]}
    assert listed == {(await shop.job(job_id))["result"]["product_id"] for job_id in jobs}


async def test_what_moves_at_the_supplier_is_in_the_history_and_what_does_not_move_is_not(
    shop: Shop, supplier: Supplier
) -> None:
    moving, still = await supplier.take("amazon-com", 2)
    row = await supplier.take_one(FEED)
    moved, resting, sold_out = await asyncio.gather(
        shop.has_imported("amazon-com", moving["id"]),
        shop.has_imported("amazon-com", still["id"]),
        shop.has_imported(FEED, row),
    )
    before = await shop.stock(sold_out)
    seen_before = (await shop.product(resting))["last_seen_at"]
    await supplier.sets(moving["id"], price="41.07")
    await supplier.sets(row, quantity=0)

    async def both_are_known() -> bool:
        price, row = (await shop.product(moved))["price"], await shop.product(sold_out)
        return bool(price["amount"] == "41.07" and row["availability"] == "out_of_stock")

    await eventually(both_are_known, within_s=15, what="the next look at both")
    assert await shop.prices(moved) == [moving["price"]["amount"], "41.07"]
    assert await shop.stock(sold_out) == [*before, ("out_of_stock", 0)]

    async def looked_at_again() -> bool:
        return bool((await shop.product(resting))["last_seen_at"] > seen_before)

    await eventually(looked_at_again, within_s=15, what="another look at what does not move")
    assert await shop.prices(resting) == [still["price"]["amount"]]
    assert len(await shop.stock(resting)) == 1
    assert len(await shop.stock(moved)) == 1


async def test_everything_that_an_import_led_to_names_the_wish_of_the_shop_as_its_first_cause(
    stack: Stack, shop: Shop, supplier: Supplier
) -> None:
    external_id = await supplier.take_one("amazon-com")
    job = await shop.ended(await shop.imports("amazon-com", external_id))
    orders = await stack.sql("SELECT payload FROM tracker.journal WHERE stream = 'WORK'")
    client = await stack.nats()
    try:
        told = await log.said(client) + await log.said(client, "OBSERVATIONS")
    finally:
        await client.close()
    everything = [one.envelope for one in told] + [open_envelope(bytes(p)) for (p,) in orders]
    (wish,) = [
        envelope
        for envelope in everything
        if envelope.type == ImportRequested.wire_type() and envelope.partitionkey == job["job_id"]
    ]
    story = {e.id: e for e in everything if e.correlationid == wish.correlationid}
    assert {envelope.type for envelope in story.values()} == {
        type_.wire_type()
        for type_ in (
            ImportRequested,
            ProductWatched,
            ScrapeProduct,
            WorkStarted,
            OfferObserved,
            ProductImported,
            ProductDescribed,
            PriceChanged,
            StockChanged,
            ImportCompleted,
        )
    }
    assert len(story) == 10
    for envelope in story.values():
        first = envelope
        while first.causationid in story:
            first = story[first.causationid]
        assert first == wish, f"{envelope.type} leads back to {first.type}"
    assert wish.causationid == wish.correlationid, "the wish came from outside"
    owners = {envelope.type: envelope.tenant for envelope in story.values()}
    for of_nobody in (ProductImported, ProductDescribed, PriceChanged, StockChanged, OfferObserved):
        assert owners[of_nobody.wire_type()] is None
    for of_the_shop in (ImportRequested, ProductWatched, WorkStarted, ImportCompleted):
        assert owners[of_the_shop.wire_type()] == shop.tenant
