"""Stores, listings, policies, alerts and reports: what reaches their owners."""

from typing import Any
from uuid import UUID, uuid5

import pytest

from dropship.runtime.asking import Refusal

STORE = {
    "marketplace": "shopify",
    "account": "demo",
    "name": "My shop",
    "client_id": "id-1",
    "client_secret": "s3cret",
}
LISTING: dict[str, Any] = {"store_id": "s-1", "product_id": "p-1"}
PRICE = {"amount": "12.90", "currency": "EUR"}
RULES: dict[str, Any] = {"price": {"basis": "margin_on_price", "value": "0.20"}}
POLICY = {"name": "20 %", "rules": RULES}
NOTHING = Refusal("not_found", "no such thing", kind="not_found")


async def test_a_store_is_connected_and_is_found_where_the_answer_says(
    gateway: Any, owners: Any
) -> None:
    seller = await gateway.seller()
    answer = await seller.post("/v1/stores", json=STORE)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/stores/{answer.json()['id']}"
    (asked,) = owners.told("connect_store")
    assert {name: asked[name] for name in STORE} == STORE


async def test_credentials_are_repeated_nowhere(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    wrong = {**STORE, "client_secret": "two words s3cret", "account": "Demo.MyShopify"}
    answer = await seller.post("/v1/stores", json=wrong)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"client_secret", "account"}
    assert "s3cret" not in answer.text
    assert owners.asked == []


@pytest.mark.parametrize(
    ("path", "body", "command"),
    [
        ("/v1/stores", STORE, "connect_store"),
        ("/v1/listings", LISTING, "request_listing"),
        ("/v1/policies", POLICY, "define_policy"),
    ],
)
async def test_what_is_asked_for_twice_under_one_key_is_one_command(
    gateway: Any, owners: Any, path: str, body: dict[str, Any], command: str
) -> None:
    seller = await gateway.seller()
    tenant = UUID(await seller.tenant())
    for key in ("k1", "k1", "k2"):
        answer = await seller.post(path, json=body, headers={"idempotency-key": key})
        assert answer.is_success, answer.text
    expected = [str(uuid5(tenant, key)) for key in ("k1", "k1", "k2")]
    assert owners.commands(command) == expected


async def test_a_store_goes_live_and_a_suspension_is_lifted(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    for body in ({"mode": "live"}, {"resume": True}):
        assert (await seller.ask("PATCH", "/v1/stores/s-1", json=body)).status_code == 200
    assert owners.told("amend_store") == [
        {"store_id": "s-1", "mode": "live", "resume": False},
        {"store_id": "s-1", "mode": None, "resume": True},
    ]
    assert (await seller.ask("DELETE", "/v1/stores/s-1")).status_code == 200
    assert owners.told("disconnect_store") == [{"store_id": "s-1"}]


async def test_a_product_is_listed_after_its_owner_was_asked(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    wish = {**LISTING, "price": PRICE, "policy_id": "pol-1"}
    answer = await seller.post("/v1/listings", json=wish)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/listings/{answer.json()['id']}"
    assert owners.told("product_details") == [{"product_id": "p-1"}]
    assert owners.told("policy_details") == [{"policy_id": "pol-1"}]
    (asked,) = owners.told("request_listing")
    assert {name: value for name, value in asked.items() if value is not None} == wish


async def test_a_product_that_is_not_watched_cannot_be_listed(gateway: Any, owners: Any) -> None:
    owners.instead["product_details"] = NOTHING
    answer = await (await gateway.seller()).post("/v1/listings", json=LISTING)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["field"] == "product_id"
    assert owners.told("request_listing") == []


async def test_a_product_the_syncer_has_not_heard_of_yet_is_listed_a_second_later(
    gateway: Any, owners: Any
) -> None:
    owners.instead["request_listing"] = Refusal("unknown_product", kind="not_found")
    seller = await gateway.seller()
    answer = await seller.post("/v1/listings", json=LISTING)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    del owners.instead["request_listing"]
    assert (await seller.post("/v1/listings", json=LISTING)).status_code == 201


async def test_a_store_that_is_not_ones_own_takes_no_listing(gateway: Any, owners: Any) -> None:
    owners.instead["request_listing"] = NOTHING
    answer = await (await gateway.seller()).post("/v1/listings", json=LISTING)
    assert answer.status_code == 404


async def test_what_is_wanted_of_a_listing_is_changed_and_taken_away(
    gateway: Any, owners: Any
) -> None:
    seller = await gateway.seller()
    changes: list[dict[str, Any]] = [
        {"price": PRICE, "title": "A kettle"},
        {"price": None, "policy_id": None},
        {"description": "line one\nline two"},
        {},
    ]
    for body in changes:
        assert (await seller.ask("PATCH", "/v1/listings/l-1", json=body)).status_code == 200
        assert owners.told("amend_listing")[-1] == {"listing_id": "l-1", **body}


async def test_a_listing_is_paused_resumed_and_ended(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    assert (await seller.post("/v1/listings/l-1/pause")).status_code == 200
    assert (await seller.post("/v1/listings/l-1/resume")).status_code == 200
    assert (await seller.ask("DELETE", "/v1/listings/l-1")).status_code == 200
    for command in ("pause_listing", "resume_listing", "end_listing"):
        assert owners.told(command) == [{"listing_id": "l-1"}]


async def test_an_earlier_decision_can_be_explained(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    await seller.get("/v1/listings/l-1/why")
    await seller.get("/v1/listings/l-1/why?decision_no=3")
    assert [asked["decision_no"] for asked in owners.told("listing_why")] == [None, 3]


async def test_a_policy_gets_its_next_version_under_its_own_name(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    made = await seller.post("/v1/policies", json=POLICY)
    assert made.status_code == 201
    assert made.headers["location"] == f"/v1/policies/{made.json()['id']}"
    assert (await seller.ask("PUT", "/v1/policies/pol-1", json=POLICY)).status_code == 200
    assert [asked["policy_id"] for asked in owners.told("define_policy")] == [None, "pol-1"]
    assert (await seller.ask("DELETE", "/v1/policies/pol-1")).status_code == 204


async def test_a_preview_is_asked_for_in_full(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    answer = await seller.post("/v1/policies/preview", json={"rules": RULES, "store_id": "s-1"})
    assert answer.status_code == 200
    (asked,) = owners.told("policy_preview")
    assert (asked["store_id"], asked["policy_id"]) == ("s-1", None)
    assert asked["rules"]["price"]["value"] == "0.20"


async def test_an_alert_is_read_and_acknowledged(gateway: Any, owners: Any) -> None:
    seller = await gateway.seller()
    for body in ({}, {"acknowledge": True}):
        assert (await seller.ask("PATCH", "/v1/alerts/a-1", json=body)).status_code == 200
    assert [asked["acknowledge"] for asked in owners.told("amend_alert")] == [False, True]


@pytest.mark.parametrize(
    ("report", "token"), [("dashboard", "dashboard"), ("trends", "sales_trend")]
)
async def test_a_report_on_a_store_that_is_not_ones_own_is_refused_by_name(
    gateway: Any, owners: Any, report: str, token: str
) -> None:
    seller, path = await gateway.seller(), f"/v1/analytics/{report}?store_id=s-1"
    assert (await seller.get(path)).status_code == 200
    owners.instead["store_details"] = NOTHING
    answer = await seller.get(path)
    assert answer.status_code == 404
    assert answer.json()["errors"] == [{"field": "store_id", "detail": "names nothing of yours"}]
    assert len(owners.told(token)) == 1


@pytest.mark.parametrize(
    ("path", "token", "asked"),
    [
        ("/v1/listings?status=Paused&limit=5", "tenant_listings", {"status": "Paused", "limit": 5}),
        ("/v1/orders?store_id=s-1", "tenant_orders", {"store_id": "s-1", "limit": 50}),
        ("/v1/alerts?open=true", "tenant_alerts", {"open": True, "listing_id": None}),
        ("/v1/analytics/dashboard?since=2026-03-01", "dashboard", {"since": "2026-03-01"}),
        ("/v1/analytics/trends?days=7", "sales_trend", {"days": 7, "store_id": None}),
        ("/v1/analytics/products?currency=EUR", "best_products", {"currency": "EUR", "limit": 10}),
    ],
)
async def test_what_a_list_is_narrowed_to_reaches_its_owner(
    gateway: Any, owners: Any, path: str, token: str, asked: dict[str, Any]
) -> None:
    assert (await (await gateway.seller()).get(path)).status_code == 200
    (told,) = owners.told(token)
    assert {name: told[name] for name in asked} == asked


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/v1/listings", {**LISTING, "price": {**PRICE, "amount": "-1"}}, "price.amount"),
        ("POST", "/v1/listings", {**LISTING, "price": {**PRICE, "tax": "1"}}, "price.tax"),
        ("POST", "/v1/listings", {**LISTING, "title": "two\nlines"}, "title"),
        ("POST", "/v1/policies", {**POLICY, "rules": {}}, "rules.price"),
        (
            "POST",
            "/v1/policies",
            {**POLICY, "rules": {"price": {"basis": "luck", "value": "0.20"}}},
            "rules.price.basis",
        ),
        (
            "POST",
            "/v1/policies",
            {**POLICY, "rules": {"price": {**RULES["price"], "endings": ["99", "9x"]}}},
            "rules.price.endings[1]",
        ),
        ("POST", "/v1/policies", {**POLICY, "policy_id": "mine"}, "policy_id"),
        ("PATCH", "/v1/stores/s-1", {"mode": "wet_run"}, "mode"),
        ("POST", "/v1/api-keys", {"name": "x", "scopes": ["account"]}, "scopes[0]"),
        ("GET", "/v1/alerts?open=1", None, "open"),
        ("GET", "/v1/analytics/trends?days=401", None, "days"),
    ],
)
async def test_what_cannot_be_right_is_refused_here_with_its_place_and_a_fix(
    gateway: Any, owners: Any, method: str, path: str, body: Any, field: str
) -> None:
    more = {} if body is None else {"json": body}
    answer = await (await gateway.seller()).ask(method, path, **more)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert owners.asked == []
