"""What a tier has room for, and what a seller is told when it is used up."""

import asyncio
from typing import Any

import msgspec
import pytest

from dropship.contracts.tenants import QUOTAS, Tier
from dropship.runtime.asking import Refusal

KEY = {"name": "a program", "scopes": ["read"]}
STORE = {
    "marketplace": "shopify",
    "account": "demo",
    "name": "My shop",
    "client_id": "id",
    "client_secret": "s3cret",
}
LISTING = {"store_id": "s-1", "product_id": "p-1"}
POLICY = {
    "name": "20 %",
    "rules": {"price": {"basis": "margin_on_price", "value": "0.20"}},
}


@pytest.mark.parametrize(
    ("path", "body", "command", "fix"),
    [
        ("/v1/stores", STORE, "connect_store", "disconnect one"),
        ("/v1/listings", LISTING, "request_listing", "end one"),
        ("/v1/policies", POLICY, "define_policy", "retire one"),
    ],
)
async def test_an_owners_limit_names_the_quota_its_size_and_the_way_out(
    gateway: Any, owners: Any, path: str, body: dict[str, Any], command: str, fix: str
) -> None:
    owners.instead[command] = Refusal("quota", "that is all", kind="limit")
    answer = await (await gateway.seller()).post(path, json=body)
    problem, name = answer.json(), path.rpartition("/")[2]
    size = getattr(QUOTAS[Tier.free], name)
    assert (answer.status_code, problem["type"].rpartition("/")[2]) == (403, "quota")
    assert problem["quota"] == {"name": name, "limit": size, "tier": "free"}
    assert str(size) in problem["detail"]
    assert fix in problem["detail"]
    assert "retry-after" not in answer.headers


async def test_an_owners_own_limit_is_told_in_its_own_words(gateway: Any, owners: Any) -> None:
    owners.instead["connect_feed"] = Refusal("feeds", "a tenant has 20 feeds", kind="limit")
    feed = {"name": "wholesale", "url": "https://example.com/feed.csv"}
    answer = await (await gateway.seller()).post("/v1/feeds", json=feed)
    assert (answer.status_code, answer.json()["detail"]) == (403, "a tenant has 20 feeds")


async def test_one_api_key_too_many_is_refused_until_one_is_revoked(gateway: Any) -> None:
    seller, room = await gateway.seller(), QUOTAS[Tier.free].api_keys
    made = [await seller.with_key("read") for _ in range(room - 1)]
    answers = await asyncio.gather(*(seller.post("/v1/api-keys", json=KEY) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 403, 403]
    refused = await seller.post("/v1/api-keys", json=KEY)
    assert refused.json()["quota"] == {"name": "api_keys", "limit": room, "tier": "free"}
    await seller.ask("DELETE", f"/v1/api-keys/{made[0].tokens['id']}")
    assert (await seller.post("/v1/api-keys", json=KEY)).status_code == 201


async def test_a_new_tenant_has_the_tier_that_the_operator_gives(gateway_with: Any) -> None:
    async with gateway_with(new_tenant_tier="pro") as gateway:
        seller = await gateway.seller()
        tenant = (await seller.get("/v1/me")).json()["tenant"]
        (opened,) = await gateway.said(f"tenant:{tenant['id']}")
        assert tenant["tier"] == msgspec.json.decode(opened.data)["tier"] == "pro"


async def test_requests_are_counted_by_tier(gateway_with: Any) -> None:
    by_tier = {"tenant_requests_per_minute": None, "tenant_burst": 1_000}
    async with gateway_with(**by_tier) as gateway:
        free, pro = await gateway.seller(), await gateway.seller()
        await gateway.desk.database.fetch_all(
            "UPDATE tenants SET tier = 'pro' WHERE id = %s RETURNING id", (await pro.tenant(),)
        )
        gateway.desk.callers._known.clear()
        granted = [(await each.get("/v1/jobs")).headers["ratelimit-policy"] for each in (free, pro)]
        assert granted == ['"tenant";q=600;w=60', '"tenant";q=1000;w=20']


async def test_an_operator_may_set_one_rate_for_all_tiers(gateway_with: Any) -> None:
    async with gateway_with(tenant_requests_per_minute=2, new_tenant_tier="pro") as gateway:
        seller = await gateway.seller()
        answers = [await seller.get("/v1/jobs") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["type"].endswith("/limit")
