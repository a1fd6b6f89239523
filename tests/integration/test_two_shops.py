"""Sellers on the same machines share the looks at a supplier, and know nothing of each other."""

import asyncio
from datetime import datetime
from uuid import UUID, uuid4

import httpx

from dropship.contracts.ids import instance_of, product_id
from dropship.runtime.testing import eventually
from integration.running import Stack
from integration.shop import Shop
from integration.supplier import FEED, Supplier


async def test_two_shops_want_the_same_product_at_once_and_the_supplier_is_asked_once(
    shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-com")
    await supplier.misbehaves("slow", id=wanted, count=1, delay_s=1)
    mine, theirs = await asyncio.gather(
        shop.imports("amazon-com", wanted), neighbour.imports("amazon-com", wanted)
    )
    ends = await asyncio.gather(shop.ended(mine), neighbour.ended(theirs))
    assert [job["status"] for job in ends] == ["SUCCESS", "SUCCESS"]
    assert (
        ends[0]["result"] == ends[1]["result"] == {"product_id": product_id("amazon-com", wanted)}
    )
    both_knew = max(datetime.fromisoformat(job["completed_at"]) for job in ends)
    for_imports = [
        visit
        for visit in await supplier.visits(wanted)
        if datetime.fromisoformat(visit["at"]) <= both_knew
    ]
    assert len(for_imports) == 1


async def test_what_one_shop_notes_on_a_product_is_nothing_to_the_other(
    shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-com")
    id_ = await shop.has_imported("amazon-com", wanted)
    assert await neighbour.has_imported("amazon-com", wanted) == id_
    notes = {"label": "for the summer", "check_every_s": 3600}
    assert (await shop.asks("PATCH", f"/v1/products/{id_}", json=notes)).status_code == 200
    assert (await shop.product(id_))["label"] == "for the summer"
    theirs = await neighbour.product(id_)
    assert (theirs["label"], theirs["check_every_s"]) == (None, 2)
    assert (await shop.asks("DELETE", f"/v1/products/{id_}")).status_code == 204
    assert (await shop.asks("GET", f"/v1/products/{id_}")).status_code == 404
    assert (await neighbour.product(id_)) | {"last_seen_at": ""} == theirs | {"last_seen_at": ""}
    assert [item["id"] for item in (await neighbour.shows("/v1/products"))["items"]] == [id_]


def _told(answer: httpx.Response, id_: str) -> tuple[int, bytes, dict[str, str]]:
    """Everything an answer tells, but for what differs between any two answers."""
    trace = answer.headers["traceparent"].split("-")[1]
    body = answer.content.replace(id_.encode(), b"<id>").replace(trace.encode(), b"<trace>")
    passing = ("date", "traceparent", "ratelimit")
    return answer.status_code, body, {k: v for k, v in answer.headers.items() if k not in passing}


async def test_a_product_of_another_shop_is_answered_just_like_one_that_does_not_exist(
    shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    theirs = await neighbour.has_imported("amazon-com", await supplier.take_one("amazon-com"))
    nowhere = str(uuid4())
    before = await neighbour.product(theirs)
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/prices", None),
        ("GET", "/stock", None),
        ("PATCH", "", {"label": "mine now"}),
        ("DELETE", "", None),
    ):
        foreign = await shop.asks(method, f"/v1/products/{theirs}{path}", json=body)
        unknown = await shop.asks(method, f"/v1/products/{nowhere}{path}", json=body)
        assert foreign.status_code == 404
        assert _told(foreign, theirs) == _told(unknown, nowhere), f"{method} {path}"
    assert (await neighbour.product(theirs))["label"] == before["label"]


async def test_a_job_of_another_shop_is_answered_just_like_one_that_does_not_exist(
    shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-com")
    await supplier.misbehaves("slow", id=wanted, count=1, delay_s=1)
    theirs, nowhere = await neighbour.imports("amazon-com", wanted), str(uuid4())
    for method, path in (("GET", ""), ("POST", "/cancel")):
        foreign = await shop.asks(method, f"/v1/jobs/{theirs}{path}")
        unknown = await shop.asks(method, f"/v1/jobs/{nowhere}{path}")
        assert foreign.status_code == 404
        assert _told(foreign, theirs) == _told(unknown, nowhere)
    assert (await neighbour.ended(theirs))["status"] == "SUCCESS"


async def test_a_shop_cannot_import_from_the_feed_of_another_or_learn_whether_it_has_one(
    stack: Stack, shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    row = await supplier.take_one(FEED)
    await neighbour.has_imported(FEED, row)
    answers = [
        await shop.asks("POST", "/v1/products/import", params={"supplier": feed, "id": row})
        for feed in (instance_of(FEED, neighbour.tenant), instance_of(FEED, str(uuid4())))
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]
    assert answers[0].json()["errors"][0]["field"] == "supplier"
    mine = await shop.has_imported(FEED, row)
    assert mine == product_id(instance_of(FEED, shop.tenant), row)
    watches = await stack.sql(
        "SELECT tenant_id FROM tracker.watches WHERE product_id = %s",
        UUID(product_id(instance_of(FEED, neighbour.tenant), row)),
    )
    assert watches == [(neighbour.tenant,)]


async def test_a_shop_that_cancels_gets_nothing_and_the_other_that_waits_still_gets_it(
    shop: Shop, neighbour: Shop, supplier: Supplier
) -> None:
    wanted = await supplier.take_one("amazon-com")
    await supplier.misbehaves("slow", id=wanted, count=1, delay_s=2)
    mine = await shop.imports("amazon-com", wanted)
    await shop.job_until(mine, lambda job: job["status"] == "RUNNING", "its start")
    theirs = await neighbour.imports("amazon-com", wanted)
    cancelled = await shop.asks("POST", f"/v1/jobs/{mine}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
    job = await neighbour.ended(theirs)
    assert job["status"] == "SUCCESS"
    id_ = job["result"]["product_id"]

    async def the_shop_watches_nothing() -> bool:
        return (await shop.asks("GET", f"/v1/products/{id_}")).status_code == 404

    await eventually(the_shop_watches_nothing, what="the end of the cancelled watch")
    after = await shop.job(mine)
    assert (after["status"], after["result"]) == ("CANCELLED", None)
    assert after["timeline"][-1]["what"] == "JobCancelled"
    again = await shop.asks("POST", f"/v1/jobs/{mine}/cancel")
    assert again.status_code == 409
