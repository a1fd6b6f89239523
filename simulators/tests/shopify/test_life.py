"""The life of a listing, as a well-behaved client leads it; every exchange is judged outside."""

import json
from pathlib import Path
from typing import Any

import pytest


def lead_a_life(shop: Any) -> None:
    product = shop.shelve("L-1", sku="S-1", price="12.30", quantity=5)
    again = shop.set("L-1", shop.wish(sku="S-1", price="12.30", quantity=5))
    assert again["product"]["id"] == product["id"]
    assert shop.price(product, "19.99")["productVariants"][0]["price"] == "19.99"
    moved = shop.stock(product, 9, was=5)
    assert moved["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": 4, "quantityAfterChange": 9}
    ]
    order = shop.judge("orders", listing="L-1", quantity=2).json()
    assert (order["total"], order["fees"]) == ("39.98", "1.46")
    seen = shop.orders("updated_at:>='2020-01-01T00:00:00Z'")["nodes"][0]
    assert seen["name"] == order["name"]
    assert shop.publish(product["id"], shop.UNPUBLISH)["userErrors"] == []
    assert shop.find("L-1")["resourcePublicationsCount"]["count"] == 0
    ended = shop.ask(shop.UPDATE, p={"id": product["id"], "status": "ARCHIVED"})
    assert ended["product"]["status"] == "ARCHIVED"
    ledger = shop.ledger()
    assert [w["op"] for w in ledger["writes"]] == [
        "productSet",
        "publishablePublish",
        "productSet",
        "productVariantsBulkUpdate",
        "inventorySetQuantities",
        "publishableUnpublish",
        "productUpdate",
    ]
    assert [w["changed"] for w in ledger["writes"]] == [True, True, False, True, True, True, True]
    assert ledger["self_violations"] == 0


def test_a_listing_lives_from_its_first_price_to_its_end(shop: Any) -> None:
    lead_a_life(shop)


def test_a_listing_lives_the_same_where_no_schema_is_at_hand(bare_shop: Any) -> None:
    lead_a_life(bare_shop)


def test_every_exchange_of_a_life_passes_the_outside_checker(
    start_simulator: Any, open_shop: Any, judged: Any, tmp_path: Path
) -> None:
    record = tmp_path / "exchanges.jsonl"
    shop = open_shop(start_simulator("--record", str(record)))
    shop.connect()
    lead_a_life(shop)

    assert judged(record).rstrip().endswith(" 0 violations")


def test_the_record_hides_values_of_secrets_and_nothing_else(
    start_simulator: Any, open_shop: Any, tmp_path: Path
) -> None:
    record = tmp_path / "exchanges.jsonl"
    shop = open_shop(start_simulator("--record", str(record)))
    shop.connect()
    form = {"client_id": "x", "client_secret": "wrong-secret", "grant_type": "client_credentials"}
    shop.http.post(f"/shopify/{shop.name}/admin/oauth/access_token", data=form)
    written = record.read_text()

    assert shop.token not in written
    assert shop.made["client_secret"] not in written
    assert "wrong-secret" not in written
    first, second, _ = map(json.loads, written.splitlines())
    assert first["url"] == f"https://{shop.name}.myshopify.com/admin/oauth/access_token"
    assert json.loads(first["request_body"])["client_secret"] == "masked"
    assert second["request_headers"]["x-shopify-access-token"] == "masked"
    assert (second["marketplace"], second["token"], second["status"]) == ("shopify", shop.name, 200)


def test_the_shop_tells_its_name_places_and_scopes(shop: Any) -> None:
    body = shop.send(
        "{shop{name currencyCode myshopifyDomain plan{publicDisplayName shopifyPlus}}"
        "currentAppInstallation{accessScopes{handle}}"
        "locations(first:5){edges{cursor node{id name isActive}}}"
        "publications(first:5){nodes{id name}}}"
    ).json()["data"]

    assert body["shop"]["myshopifyDomain"] == f"{shop.name}.myshopify.com"
    assert {"handle": "write_products"} in body["currentAppInstallation"]["accessScopes"]
    assert body["locations"]["edges"][0]["node"]["id"] == shop.made["location"]
    assert [one["name"] for one in body["publications"]["nodes"]] == [
        "Online Store",
        "Point of Sale",
    ]


def test_aliases_fragments_and_conditions_shape_the_answer(shop: Any) -> None:
    shop.shelve("L-1")
    body = shop.send(
        "query($i:ProductIdentifierInput!,$yes:Boolean!){"
        "one:productByIdentifier(identifier:$i){...Short no:title @skip(if:$yes)}"
        "shop{__typename name @include(if:$yes)}}"
        "fragment Short on Product{nr:id ...on Node{id} ...on Product{status}}",
        {"i": shop.custom("L-1"), "yes": True},
    ).json()["data"]

    assert list(body["one"]) == ["nr", "id", "status"]
    assert body["shop"] == {"__typename": "Shop", "name": shop.name}


def test_products_are_paged_and_searched(shop: Any) -> None:
    for number in range(5):
        shop.shelve(f"L-{number}", sku=f"S-{number}")
    page_of = (
        "query($a:String,$q:String){products(first:2,after:$a,query:$q){"
        "nodes{title} pageInfo{hasNextPage hasPreviousPage endCursor}}}"
    )
    titles, after = [], None
    for _ in range(3):
        page = shop.ask(page_of, a=after)
        titles += [one["title"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert titles == [f"Lamp S-{number}" for number in range(5)]
    assert page["pageInfo"]["hasNextPage"] is False
    assert page["pageInfo"]["hasPreviousPage"] is True
    found = shop.ask(page_of, q="sku:S-3 status:active")
    assert [one["title"] for one in found["nodes"]] == ["Lamp S-3"]


@pytest.mark.parametrize("identifier", ["handle", "id"])
def test_a_product_is_also_found_by_handle_and_id(shop: Any, identifier: str) -> None:
    product = shop.shelve("L-1")

    assert shop.ask(shop.FIND, i={identifier: product[identifier]})["id"] == product["id"]
