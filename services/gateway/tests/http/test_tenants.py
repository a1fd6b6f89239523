"""No seller sees or changes what is another's; a foreign thing looks like one that is not there."""

from typing import Any
from uuid import uuid4


async def test_an_id_that_is_none_looks_like_one_that_is_not_there(gateway: Any) -> None:
    seller = await gateway.seller()
    for method, path in [
        ("GET", "/v1/jobs/{}"),
        ("POST", "/v1/jobs/{}/cancel"),
        ("DELETE", "/v1/api-keys/{}"),
    ]:
        answers = [
            await seller.ask(method, path.format(identity)) for identity in (uuid4(), "no-uuid")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        problems = [{**a.json(), "trace_id": "", "instance": ""} for a in answers]
        assert problems[0] == problems[1]


async def test_lists_hold_only_ones_own(gateway: Any) -> None:
    owner, stranger = await gateway.seller(), await gateway.seller()
    await owner.post("/v1/products/import?asin=B0DGHRT7PQ")
    assert (await stranger.get("/v1/jobs")).json()["items"] == []


async def test_anothers_cursor_opens_nothing(gateway: Any) -> None:
    owner, stranger = await gateway.seller(), await gateway.seller()
    for _ in range(2):
        await owner.post("/v1/products/import?asin=B0DGHRT7PQ")
    cursor = (await owner.get("/v1/jobs?limit=1")).json()["next_cursor"]
    assert (await stranger.get(f"/v1/jobs?cursor={cursor}")).json()["items"] == []


async def test_a_foreign_feed_cannot_be_named(gateway: Any) -> None:
    owner, stranger = await gateway.seller(), await gateway.seller()
    tenant = (await owner.get("/v1/me")).json()["tenant"]["id"].replace("-", "")
    for name in (f"feed-{tenant}", f"feed-{tenant}-wholesale"):
        answer = await stranger.post(f"/v1/products/import?supplier={name}&id=SKU-1")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "supplier"
        assert (
            await owner.post(f"/v1/products/import?supplier={name}&id=SKU-1")
        ).status_code == 202


async def test_another_sessions_refresh_token_is_not_ones_own(gateway: Any) -> None:
    owner, stranger = await gateway.seller(), await gateway.seller()
    body = {"refresh_token": stranger.tokens["access_token"]}
    assert (await gateway.http.post("/v1/auth/refresh", json=body)).status_code in {401, 422}
    assert (await owner.get("/v1/me")).status_code == 200
