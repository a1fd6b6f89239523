"""From the wish to the job."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.work import WorkRetried, WorkStarted

ASIN = "B0DGHRT7PQ"
BY_ASIN = f"/v1/products/import?asin={ASIN}"


async def queued(seller: Any, path: str = BY_ASIN) -> str:
    answer = await seller.post(path)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"job_id": answer.json()["job_id"], "status": "queued"}
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job_id']}"
    return str(answer.json()["job_id"])


async def job(seller: Any, job_id: str) -> Any:
    answer = await seller.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_import_is_queued_and_its_job_is_there_at_once(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    shown = await job(seller, job_id)
    assert (shown["job_id"], shown["status"], shown["result"]) == (job_id, "PENDING", None)
    assert [step["what"] for step in shown["timeline"]] == ["ImportRequested"]
    assert shown["timeline"][0]["by"] == "gateway"


@pytest.mark.parametrize(
    ("query", "source", "external_id"),
    [
        (f"asin={ASIN}", "amazon-com", ASIN),
        (f"asin={ASIN}&site=de", "amazon-de", ASIN),
        (f"supplier=amazon-de&id={ASIN}", "amazon-de", ASIN),
        ("supplier=feed&id=SKU-9", "feed-{hex}", "SKU-9"),
        ("supplier=feed-wholesale&id=SKU-9&variant=red", "feed-{hex}-wholesale", "SKU-9"),
    ],
)
async def test_what_is_wanted_is_said_with_the_job(
    gateway: Any, query: str, source: str, external_id: str
) -> None:
    seller = await gateway.seller()
    me = (await seller.get("/v1/me")).json()
    job_id = await queued(seller, f"/v1/products/import?{query}")
    (said,) = await gateway.said(f"job:{job_id}")
    wish = msgspec.json.decode(said.data)
    assert said.type == "dropship.import.requested.v1"
    assert (said.partitionkey, said.tenant) == (job_id, me["tenant"]["id"])
    assert said.actor == me["user"]["id"]
    assert wish["source"] == source.format(hex=UUID(me["tenant"]["id"]).hex)
    assert (wish["external_id"], wish["job_id"]) == (external_id, job_id)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "asin"),
        ("asin=B123456", "asin"),
        ("asin=b0dghrt7pq", "asin"),
        (f"asin={ASIN}%0A", "asin"),
        (f"asin={ASIN}&site=xx", "site"),
        ("supplier=feed", "id"),
        ("supplier=nobody&id=1", "supplier"),
        ("supplier=amazon&id=short", "id"),
        (f"asin={ASIN}&priority=high", "priority"),
        (f"asin={ASIN}&asin={ASIN}", "asin"),
    ],
)
async def test_a_wish_that_names_no_product_is_refused_with_field_and_fix(
    gateway: Any, query: str, field: str
) -> None:
    seller = await gateway.seller()
    answer = await seller.post(f"/v1/products/import?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["fix"]
    assert (await seller.get("/v1/jobs")).json()["items"] == []


async def test_before_a_supplier_has_registered_imports_wait(gateway: Any) -> None:
    seller = await gateway.seller()
    await gateway.desk.database.fetch_all("DELETE FROM suppliers_known RETURNING plugin")
    answer = await seller.post(BY_ASIN)
    await gateway.hear(gateway.amazon, gateway.feed)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    await queued(seller)


async def test_the_same_import_under_one_key_is_one_job(gateway: Any) -> None:
    seller = await gateway.seller()
    headers = {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(*(seller.post(BY_ASIN, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len((await seller.get("/v1/jobs")).json()["items"]) == 1


async def test_another_import_under_the_same_key_is_refused(gateway: Any) -> None:
    seller = await gateway.seller()
    headers = {"idempotency-key": "order-1"}
    assert (await seller.post(BY_ASIN, headers=headers)).status_code == 202
    answer = await seller.post(f"{BY_ASIN}&site=de", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/key-reused")


async def test_one_sellers_keys_do_not_stand_in_anothers_way(gateway: Any) -> None:
    headers = {"idempotency-key": "order-1"}
    jobs = [
        (await (await gateway.seller()).post(BY_ASIN, headers=headers)).json() for _ in range(2)
    ]
    assert jobs[0]["job_id"] != jobs[1]["job_id"]


async def test_a_key_that_was_refused_may_be_used_again(gateway: Any) -> None:
    seller = await gateway.seller()
    headers = {"idempotency-key": str(uuid4())}
    unknown = await seller.post("/v1/products/import?supplier=nobody&id=1", headers=headers)
    assert unknown.status_code == 422
    assert (await seller.post(BY_ASIN, headers=headers)).status_code == 202


async def test_a_key_that_is_no_key_is_refused(gateway: Any) -> None:
    seller = await gateway.seller()
    for key in ("", "with space", "x" * 256):
        answer = await seller.post(BY_ASIN, headers={"idempotency-key": key})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_the_timeline_tells_how_an_import_went(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    work = {"job_id": job_id, "command_id": str(uuid4()), "command": "product.scrape"}
    next_at = gateway.desk.clock.now()
    await gateway.hear(WorkStarted(**work, attempt=1))
    assert (await job(seller, job_id))["status"] == "RUNNING"
    await gateway.hear(WorkRetried(**work, attempt=1, next_at=next_at, reason="timeout"))
    await gateway.hear(WorkStarted(**work, attempt=2))
    await gateway.hear(ImportCompleted(job_id=job_id, product_id="p-1"))
    shown = await job(seller, job_id)
    assert (shown["status"], shown["result"]) == ("SUCCESS", {"product_id": "p-1"})
    assert shown["completed_at"] is not None
    assert [(step["what"], step["by"]) for step in shown["timeline"]] == [
        ("ImportRequested", "gateway"),
        ("WorkStarted", "runtime"),
        ("WorkRetried", "runtime"),
        ("WorkStarted", "runtime"),
        ("ImportCompleted", "tracker"),
    ]
    assert shown["timeline"][2]["reason"] == "timeout"


async def test_a_fact_heard_twice_stands_once_in_the_timeline(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    failed = gateway.heard(ImportFailed(job_id=job_id, reason="not_found"))
    await gateway.hear(failed)
    once = await job(seller, job_id)
    await gateway.hear(failed)
    assert await job(seller, job_id) == once
    assert (once["status"], once["error"]) == ("FAILED", "not_found")


async def test_a_fact_about_a_job_nobody_knows_changes_nothing(gateway: Any) -> None:
    await gateway.hear(ImportCompleted(job_id=str(uuid4()), product_id="p-1"))
    await gateway.hear(ImportCompleted(job_id="no-uuid", product_id="p-1"))


async def test_a_cancelled_job_stays_cancelled(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    answer = await seller.post(f"/v1/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    await gateway.hear(ImportCompleted(job_id=job_id, product_id="p-1"))
    shown = await job(seller, job_id)
    assert (shown["status"], shown["result"]) == ("CANCELLED", None)
    said = await gateway.said(f"job:{job_id}")
    assert [(s.type, s.partitionkey) for s in said] == [
        ("dropship.import.requested.v1", job_id),
        ("dropship.job.cancelled.v1", job_id),
    ]


async def test_an_ended_job_cannot_be_cancelled(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    await gateway.hear(ImportCompleted(job_id=job_id, product_id="p-1"))
    for _ in range(2):
        answer = await seller.post(f"/v1/jobs/{job_id}/cancel")
        assert answer.status_code == 409
    assert (await job(seller, job_id))["status"] == "SUCCESS"
    assert len(await gateway.said(f"job:{job_id}")) == 1


async def test_of_many_cancellations_at_once_one_is_said(gateway: Any) -> None:
    seller = await gateway.seller()
    job_id = await queued(seller)
    path = f"/v1/jobs/{job_id}/cancel"
    answers = await asyncio.gather(*(seller.post(path) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await gateway.said(f"job:{job_id}")) == 2


async def test_jobs_are_listed_newest_first_page_by_page(gateway: Any) -> None:
    seller = await gateway.seller()
    wanted = [await queued(seller) for _ in range(5)][::-1]
    pages = [(await seller.get("/v1/jobs?limit=2")).json()]
    while pages[-1]["next_cursor"] is not None:
        path = f"/v1/jobs?limit=2&cursor={pages[-1]['next_cursor']}"
        pages.append((await seller.get(path)).json())
    assert [item["id"] for page in pages for item in page["items"]] == wanted
    assert len(pages) == 3


@pytest.mark.parametrize("cursor", ["abc", "W10", "WyJ4IiwieSJd"])
async def test_a_cursor_that_we_did_not_make_is_refused(gateway: Any, cursor: str) -> None:
    answer = await (await gateway.seller()).get(f"/v1/jobs?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"
