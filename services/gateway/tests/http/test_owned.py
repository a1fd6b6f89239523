"""What other services own, and what happens when they are away."""

from typing import Any
from uuid import UUID, uuid5

import pytest

from dropship.runtime.asking import TENANT, Refusal

READY = b'{ "items" : [ ] ,\n "next_cursor" : null }'


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/v1/products", "ask.tracker.watched_products"),
        ("/v1/products/p-1", "ask.tracker.product_details"),
        ("/v1/products/p-1/prices", "ask.tracker.price_history"),
        ("/v1/products/p-1/stock", "ask.tracker.stock_history"),
        ("/v1/feeds", "ask.scraper.tenant_feeds"),
        ("/v1/stores", "ask.syncer.tenant_stores"),
        ("/v1/stores/s-1", "ask.syncer.store_details"),
        ("/v1/orders", "ask.syncer.tenant_orders"),
        ("/v1/listings", "ask.syncer.tenant_listings"),
        ("/v1/listings/l-1", "ask.syncer.listing_details"),
        ("/v1/listings/l-1/why", "ask.policy.listing_why"),
        ("/v1/listings/l-1/why-not", "ask.policy.listing_why_not"),
        ("/v1/policies", "ask.policy.tenant_policies"),
        ("/v1/policies/p-1", "ask.policy.policy_details"),
        ("/v1/alerts", "ask.policy.tenant_alerts"),
        ("/v1/analytics/dashboard", "ask.analytics.dashboard"),
        ("/v1/analytics/trends", "ask.analytics.sales_trend"),
        ("/v1/analytics/products", "ask.analytics.best_products"),
    ],
)
async def test_the_owners_bytes_are_passed_on_untouched(
    gateway: Any, owners: Any, path: str, subject: str
) -> None:
    seller = await gateway.seller()
    owners.instead[subject.rpartition(".")[2]] = READY
    answer = await seller.get(path)
    assert (answer.status_code, answer.content) == (200, READY)
    assert answer.headers["content-type"] == "application/json"
    tenant = await seller.tenant()
    assert [(s, h[TENANT]) for s, _, h in owners.asked] == [(subject, tenant)]


async def test_the_page_asked_for_reaches_the_owner(gateway: Any, owners: Any) -> None:
    await (await gateway.seller()).get("/v1/products/p-1/prices?limit=7&cursor=abc")
    assert owners.told("price_history") == [{"product_id": "p-1", "cursor": "abc", "limit": 7}]


async def test_what_is_left_out_of_a_change_stays_as_it_is(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    changes: list[dict[str, Any]] = [
        {"label": "Fast mover"},
        {"label": None, "check_every_s": 600},
        {},
    ]
    for body in changes:
        assert (await seller.ask("PATCH", "/v1/products/p-1", json=body)).status_code == 200
        assert owners.told("amend_watch")[-1] == {"product_id": "p-1", **body}


async def test_a_product_is_let_go(gateway: Any, owners: Any) -> None:
    answer = await (await gateway.seller()).ask("DELETE", "/v1/products/p-1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert owners.told("stop_watching") == [{"product_id": "p-1"}]


async def test_a_feed_connected_twice_under_one_key_is_one_command(
    gateway: Any, owners: Any
) -> None:
    seller = await gateway.seller()
    tenant = UUID(await seller.tenant())
    feed = {"name": "wholesale", "url": "https://user:pass@example.com/feed.csv"}
    for _ in range(2):
        answer = await seller.post("/v1/feeds", json=feed, headers={"idempotency-key": "k1"})
        assert answer.status_code == 201
    await seller.post("/v1/feeds", json=feed)
    assert owners.told("connect_feed")[0] == {**feed, "format": "csv"}
    first, second, third = owners.commands("connect_feed")
    assert first == second == str(uuid5(tenant, "k1")) != third


async def test_an_owners_no_becomes_the_callers_problem(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    for kind, status in [("not_found", 404), ("conflict", 409), ("key_reused", 422)]:
        no = Refusal("no", "not like that", kind=kind, field="id")  # type: ignore[arg-type]
        owners.instead["product_details"] = no
        answer = await seller.get("/v1/products/p-1")
        assert answer.status_code == status
        assert answer.json()["errors"] == [{"field": "id", "detail": "not like that"}]


async def test_a_busy_owner_is_asked_again_later(gateway: Any, owners: Any) -> None:
    owners.instead["watched_products"] = Refusal("busy", after_s=3)
    answer = await (await gateway.seller()).get("/v1/products")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def test_a_missing_owner_is_named_and_the_rest_goes_on(gateway: Any) -> None:
    seller = await gateway.seller()
    for path, name in [
        ("/v1/products", "tracker"),
        ("/v1/feeds", "scraper"),
        ("/v1/listings", "syncer"),
        ("/v1/listings/l-1/why", "policy"),
        ("/v1/analytics/trends", "analytics"),
    ]:
        answer = await seller.get(path)
        assert answer.status_code == 503
        assert name in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) >= 1
    queued = await seller.post("/v1/products/import?asin=B0DGHRT7PQ")
    assert queued.status_code == 202
    assert (await seller.get(f"/v1/jobs/{queued.json()['job_id']}")).status_code == 200
    login = {"email": seller.email, "password": "correct horse"}
    assert (await gateway.http.post("/v1/auth/login", json=login)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Whole Sale", "url": "https://example.com"}, "name"),
        ({"name": "wholesale\n", "url": "https://example.com"}, "name"),
        ({"name": "wholesale", "url": "file:///etc/passwd"}, "url"),
        ({"name": "wholesale", "url": "https://example.com", "format": "xml"}, "format"),
        ({"name": "wholesale", "url": "https://example.com", "user": "me"}, "user"),
    ],
)
async def test_a_feed_that_cannot_be_right_is_refused_here(
    gateway: Any, body: dict[str, str], field: str
) -> None:
    answer = await (await gateway.seller()).post("/v1/feeds", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_notes_are_checked_before_the_owner_is_asked(gateway: Any) -> None:
    seller = await gateway.seller()
    for body, field in [
        ({"label": "x" * 201}, "label"),
        ({"label": "two\nlines"}, "label"),
        ({"label": "nul\x00"}, "label"),
        ({"check_every_s": 59}, "check_every_s"),
        ({"check_every_s": True}, "check_every_s"),
        ({"price": "1.00"}, "price"),
    ]:
        answer = await seller.ask("PATCH", "/v1/products/p-1", json=body)
        assert answer.status_code == 422, body
        assert [error["field"] for error in answer.json()["errors"]] == [field]
