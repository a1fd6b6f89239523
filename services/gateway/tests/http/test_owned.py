"""What other services own, and what happens when they are away."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from dropship.runtime.asking import COMMAND_ID, OUTCOME, TENANT, Refusal

READY = b'{ "items" : [ ] ,\n "next_cursor" : null }'


class Owner:
    """A service that answers every question with the same bytes, and remembers being asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.answer: bytes = READY
        self.outcome = "ok"

    async def reply(self, message: Any) -> None:
        self.asked.append((message.subject, msgspec.json.decode(message.data), message.headers))
        headers = None if self.outcome == "ok" else {OUTCOME: self.outcome}
        await message._client.publish(message.reply, self.answer, headers=headers)

    def refuse(self, **refusal: Any) -> None:
        self.answer, self.outcome = msgspec.json.encode(Refusal(**refusal)), "refused"


@pytest.fixture
async def owner(gateway: Any) -> AsyncIterator[Owner]:
    owner = Owner()
    client = gateway.service.bus.client
    subscriptions = [
        await client.subscribe(f"ask.{name}.>", cb=owner.reply) for name in ("tracker", "scraper")
    ]
    yield owner
    for subscription in subscriptions:
        await subscription.unsubscribe()
    await client.flush()


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/v1/products", "ask.tracker.watched_products"),
        ("/v1/products/p-1", "ask.tracker.product_details"),
        ("/v1/products/p-1/prices", "ask.tracker.price_history"),
        ("/v1/products/p-1/stock", "ask.tracker.stock_history"),
        ("/v1/feeds", "ask.scraper.tenant_feeds"),
    ],
)
async def test_the_owners_bytes_are_passed_on_untouched(
    gateway: Any, owner: Owner, path: str, subject: str
) -> None:
    seller = await gateway.seller()
    answer = await seller.get(path)
    assert (answer.status_code, answer.content) == (200, READY)
    assert answer.headers["content-type"] == "application/json"
    tenant = (await seller.get("/v1/me")).json()["tenant"]["id"]
    assert [(s, h[TENANT]) for s, _, h in owner.asked] == [(subject, tenant)]


async def test_the_page_asked_for_reaches_the_owner(gateway: Any, owner: Owner) -> None:
    await (await gateway.seller()).get("/v1/products/p-1/prices?limit=7&cursor=abc")
    assert owner.asked[0][1] == {"product_id": "p-1", "cursor": "abc", "limit": 7}


async def test_what_is_left_out_of_a_change_stays_as_it_is(gateway: Any, owner: Owner) -> None:
    seller = await gateway.seller()
    changes: list[dict[str, Any]] = [
        {"label": "Fast mover"},
        {"label": None, "check_every_s": 600},
        {},
    ]
    for body in changes:
        assert (await seller.ask("PATCH", "/v1/products/p-1", json=body)).status_code == 200
        assert owner.asked[-1][1] == {"product_id": "p-1", **body}


async def test_a_product_is_let_go(gateway: Any, owner: Owner) -> None:
    owner.answer = b"null"
    answer = await (await gateway.seller()).ask("DELETE", "/v1/products/p-1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert owner.asked[0][0] == "ask.tracker.stop_watching"


async def test_a_feed_connected_twice_under_one_key_is_one_command(
    gateway: Any, owner: Owner
) -> None:
    seller = await gateway.seller()
    tenant = UUID((await seller.get("/v1/me")).json()["tenant"]["id"])
    feed = {"name": "wholesale", "url": "https://user:pass@example.com/feed.csv"}
    for _ in range(2):
        answer = await seller.post("/v1/feeds", json=feed, headers={"idempotency-key": "k1"})
        assert answer.status_code == 201
    assert owner.asked[0][1] == {**feed, "format": "csv"}
    assert {h[COMMAND_ID] for _, _, h in owner.asked} == {str(uuid5(tenant, "k1"))}
    await seller.post("/v1/feeds", json=feed)
    assert owner.asked[2][2][COMMAND_ID] != owner.asked[0][2][COMMAND_ID]


async def test_an_owners_no_becomes_the_callers_problem(gateway: Any, owner: Owner) -> None:
    seller = await gateway.seller()
    for kind, status in [("not_found", 404), ("conflict", 409), ("key_reused", 422)]:
        owner.refuse(reason="no", detail="not like that", kind=kind, field="id")
        answer = await seller.get("/v1/products/p-1")
        assert answer.status_code == status
        assert answer.json()["errors"] == [{"field": "id", "detail": "not like that"}]


async def test_a_busy_owner_is_asked_again_later(gateway: Any, owner: Owner) -> None:
    owner.answer, owner.outcome = msgspec.json.encode(Refusal("busy", after_s=3)), "retry"
    answer = await (await gateway.seller()).get("/v1/products")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def test_a_missing_owner_is_named_and_the_rest_goes_on(gateway: Any) -> None:
    seller = await gateway.seller()
    for path, name in [("/v1/products", "tracker"), ("/v1/feeds", "scraper")]:
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
