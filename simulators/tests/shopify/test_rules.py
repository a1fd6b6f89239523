"""Rules of Shopify's that its schema does not state; a client that breaks them is told how."""

from typing import Any

import pytest

KEYLESS = (
    "mutation($i:InventorySetQuantitiesInput!){inventorySetQuantities(input:$i){userErrors{code}}}"
)


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def test_a_custom_id_works_only_once_the_shop_has_its_definition(
    rough: Any, open_shop: Any
) -> None:
    shop = open_shop(rough)
    shop.token = shop.grant().json()["access_token"]
    refused = shop.set("L-1")

    assert codes(refused) == ["INVALID_METAFIELD"]
    assert shop.send(shop.FIND, {"i": shop.custom("L-1")}).json()["data"] is None
    text = {"name": "L", "key": "listing_id", "type": "single_line_text_field"}
    shop.ask(shop.DEFINE, d={**text, "ownerType": "PRODUCT"})
    assert codes(shop.set("L-1")) == ["INVALID_METAFIELD"]
    assert shop.ledger()["products"] == []


def test_a_definition_is_made_once(shop: Any) -> None:
    again = {"name": "Listing", "key": "listing_id", "type": "id", "ownerType": "PRODUCT"}

    assert codes(shop.ask(shop.DEFINE, d=again)) == ["TAKEN"]
    assert codes(shop.ask(shop.DEFINE, d=again | {"key": "x"})) == ["TOO_SHORT"]
    assert codes(shop.ask(shop.DEFINE, d=again | {"key": "y1", "type": "idd"})) == ["INCLUSION"]


def test_setting_a_product_without_an_identifier_makes_a_second_one(rough_shop: Any) -> None:
    for _ in range(2):
        done = rough_shop.ask(rough_shop.SET, id=None, **{"in": rough_shop.wish(sku="S-9")})
        rough_shop.publish(done["product"]["id"])
    ledger = rough_shop.ledger()

    assert [p["handle"] for p in ledger["products"]] == ["lamp-s-9", "lamp-s-9-1"]
    assert ledger["max_live_per_sku"] == {"S-9": 2}
    assert ledger["max_existing_per_sku"] == {"S-9": 2}


def test_variants_left_out_of_a_set_are_deleted(shop: Any) -> None:
    wish = shop.wish()
    wish["productOptions"] = [{"name": "Colour", "values": [{"name": "red"}, {"name": "blue"}]}]
    for colour in ("red", "blue"):
        chosen = [{"optionName": "Colour", "name": colour}]
        wish["variants"].append(
            wish["variants"][0] | {"optionValues": chosen, "sku": colour, "price": "5.00"}
        )
    wish["variants"] = wish["variants"][1:]
    first = shop.set("L-1", wish)["product"]["variants"]["nodes"]
    wish["variants"] = wish["variants"][1:]
    left = shop.set("L-1", wish)["product"]["variants"]["nodes"]

    assert [v["sku"] for v in first] == ["red", "blue"]
    assert left == [first[1]]
    assert [v["sku"] for v in shop.find("L-1")["variants"]["nodes"]] == ["blue"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"productOptions": None}, "PRODUCT_OPTIONS_INPUT_MISSING"),
        ({"variants": None}, "VARIANTS_INPUT_MISSING"),
        ({"title": " "}, "INVALID_PRODUCT"),
        ({"id": "gid://shopify/Product/1"}, "ID_NOT_ALLOWED"),
        ({"metafields": [{"key": "other", "type": "id", "value": "x"}]}, "METAFIELD_MISMATCH"),
        ({"files": [{"originalSource": "lamp.jpg"}]}, "INVALID_INPUT"),
    ],
)
def test_a_set_that_makes_no_sense_changes_nothing(
    shop: Any, change: dict[str, Any], code: str
) -> None:
    assert codes(shop.set("L-1", shop.wish() | change)) == [code]
    assert shop.ledger()["writes"] == []
    assert shop.ledger()["refused"] == {f"userErrors:{code}": 1}


def test_a_set_by_handle_needs_the_same_handle_inside(shop: Any) -> None:
    by_handle = {"id": {"handle": "the-lamp"}, "in": shop.wish()}

    assert codes(shop.ask(shop.SET, **by_handle)) == ["MISSING_FIELD_REQUIRED"]
    by_handle["in"]["handle"] = "a-lamp"
    assert codes(shop.ask(shop.SET, **by_handle)) == ["INPUT_MISMATCH"]
    by_handle["in"]["handle"] = "the-lamp"
    first = shop.ask(shop.SET, **by_handle)["product"]
    assert shop.ask(shop.SET, **by_handle)["product"]["id"] == first["id"]


def test_prices_change_all_or_none_unless_some_are_allowed(shop: Any) -> None:
    product = shop.shelve("L-1")
    good = {"id": product["variants"]["nodes"][0]["id"], "price": "8.00"}
    bad = {"id": "gid://shopify/ProductVariant/1", "price": "1.00"}

    assert codes(shop.ask(shop.PRICES, p=product["id"], v=[good, bad], some=False)) == [
        "PRODUCT_VARIANT_DOES_NOT_EXIST"
    ]
    assert shop.find("L-1")["variants"]["nodes"][0]["price"] == "12.30"
    shop.ask(shop.PRICES, p=product["id"], v=[good, bad], some=True)
    assert shop.find("L-1")["variants"]["nodes"][0]["price"] == "8.00"
    negative = shop.ask(shop.PRICES, p=product["id"], v=[good | {"price": "-1"}])
    assert codes(negative) == ["NEGATIVE_PRICE_VALUE"]
    stocked = good | {
        "inventoryQuantities": [{"locationId": shop.made["location"], "availableQuantity": 3}]
    }
    refused = shop.ask(shop.PRICES, p=product["id"], v=[stocked])
    assert codes(refused) == ["NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"]


def test_stock_that_somebody_sold_meanwhile_is_stale(shop: Any) -> None:
    product = shop.shelve("L-1", quantity=5)
    shop.judge("orders", listing="L-1").raise_for_status()

    assert codes(shop.stock(product, 9, was=5)) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert shop.find("L-1")["variants"]["nodes"][0]["inventoryQuantity"] == 4
    assert codes(shop.stock(product, 9, was=4)) == []
    assert codes(shop.stock(product, 2, was=None)) == []
    assert codes(shop.stock(product, -1, was=2)) == ["INVALID_QUANTITY_NEGATIVE"]


def test_the_same_key_is_answered_the_same_and_done_once(shop: Any) -> None:
    product = shop.shelve("L-1", quantity=5)
    first = shop.stock(product, 9, was=5, key="k-1")
    again = shop.stock(product, 9, was=5, key="k-1")

    assert again == first
    assert [op for op, *_ in shop.writes()].count("inventorySetQuantities") == 1


def test_a_key_used_for_something_else_is_refused(rough_shop: Any) -> None:
    product = rough_shop.shelve("L-1", quantity=5)
    rough_shop.stock(product, 9, was=5, key="k-1")

    other = rough_shop.stock(product, 8, was=9, key="k-1")
    assert codes(other) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert rough_shop.find("L-1")["variants"]["nodes"][0]["inventoryQuantity"] == 9


def test_stock_is_not_set_without_a_key_or_a_belief(rough_shop: Any) -> None:
    product = rough_shop.shelve("L-1", quantity=5)
    item = product["variants"]["nodes"][0]["inventoryItem"]["id"]
    one = {"inventoryItemId": item, "locationId": rough_shop.made["location"], "quantity": 9}
    wish = {"name": "available", "reason": "correction", "quantities": [one]}

    keyless = rough_shop.send(KEYLESS, {"i": wish})
    assert keyless.status_code == 200
    assert "@idempotent directive is required" in keyless.json()["errors"][0]["message"]
    assert codes(rough_shop.ask(rough_shop.STOCK, i=wish, k="k-1")) == ["COMPARE_QUANTITY_REQUIRED"]
    assert rough_shop.find("L-1")["variants"]["nodes"][0]["inventoryQuantity"] == 5


def test_active_is_not_yet_to_be_seen(shop: Any) -> None:
    product = shop.set("L-1")["product"]

    assert shop.judge("orders", listing="L-1").json()["error"] == "not published"
    shop.publish(product["id"])
    assert shop.judge("orders", listing="L-1").status_code == 201
    shop.ask(shop.UPDATE, p={"id": product["id"], "status": "DRAFT"})
    assert shop.judge("orders", listing="L-1").json()["error"] == "draft"
    assert shop.ledger()["products"][0]["published"] is True
    assert shop.ledger()["products"][0]["live"] is False


def test_what_does_not_exist_cannot_be_published_or_updated(shop: Any) -> None:
    ghost = "gid://shopify/Product/1"

    assert shop.publish(ghost)["userErrors"][0]["field"] == ["id"]
    updated = shop.ask(shop.UPDATE, p={"id": ghost, "status": "DRAFT"})
    assert updated == {
        "product": None,
        "userErrors": [{"field": ["id"], "message": "Product does not exist"}],
    }


def test_a_set_overwrites_stock_without_asking(shop: Any) -> None:
    shop.shelve("L-1", quantity=5)
    shop.judge("orders", listing="L-1", quantity=3).raise_for_status()
    shop.set("L-1", shop.wish(quantity=5))

    assert shop.find("L-1")["variants"]["nodes"][0]["inventoryQuantity"] == 5
