"""The three layers in which Shopify says no, and who may come in at all."""

from pathlib import Path
from typing import Any

import pytest

NAME = "{shop{name}}"


def test_a_token_is_granted_by_json_and_by_form(shop: Any) -> None:
    granted = shop.grant()
    form = {
        "client_id": shop.made["client_id"],
        "client_secret": shop.made["client_secret"],
        "grant_type": "client_credentials",
    }
    path = f"/shopify/{shop.name}/admin/oauth/access_token"

    assert granted.json()["expires_in"] == 86_400
    assert "write_inventory" in granted.json()["scope"].split(",")
    assert shop.http.post(path, data=form).status_code == 200
    assert shop.ledger()["token_grants"] == 3


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "application_cannot_be_found"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
    ],
)
def test_whoever_has_the_wrong_papers_gets_no_token(
    shop: Any, change: dict[str, str], status: int, error: str
) -> None:
    answer = shop.grant(**change)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_of_real_time_ends(recorded: Any, open_shop: Any, await_true: Any) -> None:
    shop = open_shop(recorded, token_life_s=0.5)
    shop.connect()

    await_true(lambda: shop.send(NAME).status_code == 401)
    assert shop.send(NAME).json()["errors"].startswith("[API] Invalid API key or access token")
    shop.token = shop.grant().json()["access_token"]
    assert shop.send(NAME).status_code == 200
    assert shop.ledger()["calls_after_revocation"] == 0


def test_a_token_of_virtual_time_ends_with_the_clock(rough: Any, open_shop: Any) -> None:
    shop = open_shop(rough, ages_by="virtual", token_life_s=3_600)
    shop.connect()

    assert shop.send(NAME).status_code == 200
    rough.post("/_sim/clock", json={"advance_s": 3_601}).raise_for_status()
    assert shop.send(NAME).status_code == 401


def test_an_app_that_was_removed_stays_out_and_further_calls_are_counted(shop: Any) -> None:
    shop.judge("settings", installed=False).raise_for_status()

    assert [shop.send(NAME).status_code for _ in range(3)] == [401, 401, 401]
    assert shop.grant().json()["error"] == "shop_not_permitted"
    assert shop.ledger()["calls_after_revocation"] == 2


def test_a_missing_scope_is_an_error_of_the_second_layer(recorded: Any, open_shop: Any) -> None:
    shop = open_shop(recorded)
    shop.connect()
    shop.judge("settings", scopes=["read_products"]).raise_for_status()
    answer = shop.send(shop.ORDERS, {"n": 5})

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "data" not in answer.json()


@pytest.mark.parametrize("status", [402, 403, 423])
def test_a_blocked_shop_answers_every_call_so(shop: Any, status: int) -> None:
    shop.judge("settings", blocked=status).raise_for_status()

    assert shop.send(NAME).status_code == status
    shop.judge("settings", blocked=0).raise_for_status()
    assert shop.send(NAME).status_code == 200


def test_other_versions_and_unknown_shops_are_not_found(rough_shop: Any) -> None:
    assert rough_shop.send(NAME, version="2026-07").status_code == 404
    rough_shop.name = "nobody"
    assert rough_shop.send(NAME).status_code == 404
    assert rough_shop.grant().status_code == 404


def test_a_document_that_shopify_would_not_know_is_refused_with_or_without_schema(
    rough_shop: Any, bare_shop: Any
) -> None:
    for shop in (rough_shop, bare_shop):
        for document in (
            "{shop{nickname}}",
            "{shop",
            "{shop}",
            "query($a:ID!){product(id:$a){id}}",
        ):
            answer = shop.send(document)
            assert answer.status_code == 200
            assert answer.json()["errors"], document
            assert "data" not in answer.json()
        assert shop.ledger()["self_violations"] == 0


def test_a_publishable_is_asked_for_its_id_by_a_fragment_only(
    rough_shop: Any, bare_shop: Any
) -> None:
    document = (
        "mutation($p:ID!){publishablePublish(id:$p,"
        'input:[{publicationId:"gid://shopify/Publication/61000000001"}]){publishable{WHAT}}}'
    )
    for shop in (rough_shop, bare_shop):
        product = {"p": shop.set("L-1")["product"]["id"]}
        bare = shop.send(document.replace("WHAT", "id"), product).json()
        assert "errors" in bare
        assert shop.ledger()["products"][0]["live"] is False
        fragment = document.replace("WHAT", "__typename ...on Product{id}")
        done = shop.send(fragment, product).json()["data"]["publishablePublish"]["publishable"]
        assert done == {"__typename": "Product", "id": product["p"]}


def test_arguments_of_the_wrong_form_are_refused_before_anything_is_done(
    rough_shop: Any, bare_shop: Any
) -> None:
    for shop in (rough_shop, bare_shop):
        product = shop.shelve("L-1")
        before = len(shop.ledger()["writes"])
        wrong = [
            (shop.SET, {"id": shop.custom("L-1"), "in": "lamp"}),
            (shop.UPDATE, {"p": {"id": "7", "status": "DRAFT"}}),
            (shop.PUBLISH, {"id": product["variants"]["nodes"][0]["id"], "in": []}),
            (shop.STOCK, {"i": {"name": "available"}, "k": "k"}),
        ]
        for document, variables in wrong:
            answer = shop.send(document, variables)
            assert answer.status_code == 200
            assert answer.json()["errors"], document
        assert len(shop.ledger()["writes"]) == before


def test_what_shopify_knows_and_we_do_not_is_a_501_and_never_a_no(
    rough_shop: Any, specs: Path
) -> None:
    wanted = [
        ("{products(first:1){nodes{seo{title}}}}", {}),
        ("{products(last:1){nodes{id}}}", {}),
        ('{products(first:1,query:"barcode:1"){nodes{id}}}', {}),
        (
            rough_shop.SET,
            {"id": rough_shop.custom("L-1"), "in": rough_shop.wish() | {"collections": []}},
        ),
    ]
    assert [rough_shop.send(*one).status_code for one in wanted] == [501] * 4
    assert len(rough_shop.ledger()["not_simulated"]) == 4
    assert rough_shop.ledger()["writes"] == []


def test_a_body_without_a_query_is_a_400(rough_shop: Any) -> None:
    path = f"/shopify/{rough_shop.name}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": rough_shop.token}

    assert rough_shop.http.post(path, json={"q": NAME}, headers=headers).status_code == 400
    assert rough_shop.http.post(path, content=b"{", headers=headers).status_code == 400


def test_every_answer_tells_the_cost_and_the_bucket(recorded: Any, open_shop: Any) -> None:
    shop = open_shop(recorded, bucket={"max": 100, "restore_per_s": 50})
    shop.connect()
    shop.shelve("L-1")
    cost = shop.send("{products(first:40){nodes{id variants(first:4){nodes{id}}}}}").json()
    cost = cost["extensions"]["cost"]

    assert cost["requestedQueryCost"] == 31
    assert 0 < cost["actualQueryCost"] < 5
    assert cost["throttleStatus"]["maximumAvailable"] == 100
    assert cost["throttleStatus"]["restoreRate"] == 50


def test_an_empty_bucket_throttles_and_refills_by_real_time(
    recorded: Any, open_shop: Any, await_true: Any
) -> None:
    shop = open_shop(recorded, bucket={"max": 25, "restore_per_s": 20})
    shop.connect()
    product = {"p": {"id": "gid://shopify/Product/1", "status": "DRAFT"}}
    answers = [shop.send(shop.UPDATE, product).json() for _ in range(4)]
    throttled = [one for one in answers if "errors" in one]

    assert throttled[0]["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in throttled[0]
    assert throttled[0]["extensions"]["cost"]["actualQueryCost"] is None
    assert throttled[0]["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 10
    await_true(lambda: "errors" not in shop.send(shop.UPDATE, product).json())
    assert shop.ledger()["throttled"] >= len(throttled)


def test_a_single_query_has_a_highest_price(rough_shop: Any) -> None:
    answer = rough_shop.send(
        "{products(first:250){nodes{id variants(first:250){nodes{id product{id}}}}}}"
    ).json()

    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
