"""Apps that come and go, and what a seller changes of a shop while they do."""

from pathlib import Path
from typing import Any

PLACES = "{locations(first:9){nodes{id name isActive}}}"
LEVEL = (
    "query($i:ID!,$l:ID!){inventoryItem(id:$i){inventoryLevel(locationId:$l){"
    'quantities(names:["available"]){quantity}}}}'
)


def another_app(shop: Any) -> None:
    """The seller throws one app out and connects another one."""
    old, new = shop.token, {"client_id": "another-app", "client_secret": "another-secret"}
    shop.judge("settings", **new).raise_for_status()
    assert shop.send("{shop{name}}").status_code == 401
    assert shop.grant().status_code == 401
    shop.made |= new
    shop.connect()
    assert shop.token != old


def test_each_app_finds_by_its_own_metafield_only(shop: Any) -> None:
    product = shop.shelve("L-1")
    another_app(shop)

    assert shop.find("L-1") is None
    mark = {"key": "listing_id", "type": "id", "value": "L-1"}
    marked = shop.ask(shop.UPDATE, p={"id": product["id"], "metafields": [mark]})
    assert marked["userErrors"] == []
    assert shop.find("L-1")["id"] == product["id"]
    assert shop.ledger()["max_existing_per_listing"] == {"L-1": 1}


def test_who_sets_through_another_app_without_looking_makes_a_second_product(shop: Any) -> None:
    shop.shelve("L-1")
    another_app(shop)
    shop.shelve("L-1")

    assert shop.ledger()["max_live_per_listing"] == {"L-1": 2}


def test_a_metafield_that_only_one_can_hold_is_refused_to_a_second(shop: Any) -> None:
    shop.shelve("L-1", sku="S-1")
    second = shop.shelve("L-2", sku="S-2")
    mark = {"key": "listing_id", "value": "L-1"}
    (error,) = shop.ask(shop.UPDATE, p={"id": second["id"], "metafields": [mark]})["userErrors"]

    assert error["message"] == "The value 'L-1' has already been assigned to another product."
    assert shop.find("L-2")["id"] == second["id"]


def test_a_new_place_is_listed_by_its_name_and_holds_nothing_of_what_was_there(shop: Any) -> None:
    item = shop.shelve("L-1", quantity=5)["variants"]["nodes"][0]["inventoryItem"]["id"]
    shop.judge("settings", add_location="Annex").raise_for_status()
    annex, main = shop.ask(PLACES)["nodes"]

    assert (annex["name"], main["id"]) == ("Annex", shop.made["location"])
    assert shop.ask(LEVEL, i=item, l=annex["id"]) == {"inventoryLevel": None}
    assert shop.ask(LEVEL, i=item, l=main["id"])["inventoryLevel"]["quantities"] == [
        {"quantity": 5}
    ]


def test_a_seller_can_change_the_currency(shop: Any) -> None:
    shop.shelve("L-1", price="10.00")
    shop.judge("settings", currency="EUR").raise_for_status()
    shop.judge("orders", listing="L-1").raise_for_status()

    assert shop.ask("{shop{currencyCode}}") == {"currencyCode": "EUR"}
    (order,) = shop.orders()["nodes"]
    assert order["totalPriceSet"]["shopMoney"] == {"amount": "10.0", "currencyCode": "EUR"}


def test_no_secret_that_there_ever_was_is_written_down(
    start_simulator: Any, open_shop: Any, await_true: Any, tmp_path: Path
) -> None:
    record = tmp_path / "exchanges.jsonl"
    shop = open_shop(start_simulator("--record", str(record)), client_secret="the-first-secret")
    shop.judge("settings", client_secret="the-second-secret").raise_for_status()
    shop.fault("500_echo", op="token", count=1)

    assert "the-first-secret" in shop.grant().json()["errors"]
    await_true(lambda: '"status": 500' in record.read_text())
    assert "the-first-secret" not in record.read_text()
