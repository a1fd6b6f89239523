"""Orders, fees, refunds, buyers, and hands that reach into the shop."""

from decimal import Decimal
from typing import Any

import pytest


def test_an_order_takes_stock_and_money_at_the_price_of_the_moment(shop: Any) -> None:
    product = shop.shelve("L-1", price="10.00", quantity=3)
    shop.judge("orders", listing="L-1", quantity=2).raise_for_status()
    shop.price(product, "11.00")
    shop.judge("orders", sku="S-1").raise_for_status()
    first, second = shop.orders()["nodes"]

    assert first["lineItems"]["nodes"][0]["discountedUnitPriceSet"]["shopMoney"]["amount"] == "10.0"
    assert first["totalPriceSet"]["shopMoney"] == {"amount": "20.0", "currencyCode": "USD"}
    assert second["totalPriceSet"]["shopMoney"]["amount"] == "11.0"
    assert first["displayFinancialStatus"] == "PAID"
    assert shop.judge("orders", listing="L-1").json()["error"] == "out of stock"
    assert shop.judge("orders", listing="L-9").status_code == 409


def test_fees_stand_in_the_transaction_rounded_half_even(recorded: Any, open_shop: Any) -> None:
    shop = open_shop(recorded, fees={"rate": "0.025", "fixed": "0.25"})
    shop.connect()
    shop.shelve("L-1", price="1.00", quantity=9)
    shop.judge("orders", listing="L-1").raise_for_status()
    shop.judge("orders", listing="L-1", quantity=3).raise_for_status()
    transactions = [one["transactions"][0] for one in shop.orders()["nodes"]]

    assert [one["fees"][0]["amount"]["amount"] for one in transactions] == ["0.28", "0.32"]
    assert transactions[0]["fees"][0]["rate"] == "0.025"
    assert transactions[0]["kind"] == "SALE"


def test_refunds_and_cancellations_move_the_order_to_the_end_of_the_list(shop: Any) -> None:
    shop.shelve("L-1", price="10.00", quantity=5)
    names = [shop.judge("orders", listing="L-1").json()["name"] for _ in range(3)]
    number = names[0].lstrip("#")
    shop.judge(f"orders/{number}/refund", amount="4.00").raise_for_status()
    shop.judge(f"orders/{names[1].lstrip('#')}/cancel").raise_for_status()
    partly, cancelled = shop.orders()["nodes"][1:]

    assert [one["name"] for one in shop.orders()["nodes"]] == [names[2], names[0], names[1]]
    assert partly["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert partly["totalRefundedSet"]["shopMoney"]["amount"] == "4.0"
    assert partly["lineItems"]["nodes"][0]["currentQuantity"] == 1
    assert cancelled["displayFinancialStatus"] == "REFUNDED"
    assert cancelled["cancelReason"] == "CUSTOMER"
    assert cancelled["refunds"][0]["refundLineItems"]["nodes"][0]["quantity"] == 1
    assert [one["kind"] for one in cancelled["transactions"]] == ["SALE", "REFUND"]
    assert cancelled["transactions"][1]["fees"] == []
    assert shop.find("L-1")["variants"]["nodes"][0]["inventoryQuantity"] == 3
    assert shop.judge(f"orders/{number}/refund", amount="6.01").status_code == 409
    assert shop.judge(f"orders/{number}/refund").json()["refunded"] == "10.00"
    sums = shop.ledger()["sums"]
    assert sums == {
        "orders": 3,
        "units": 3,
        "revenue": "30.00",
        "fees": "1.77",
        "refunds": "20.00",
    }


def test_orders_are_polled_by_when_they_changed_and_page_by_page(shop: Any) -> None:
    shop.shelve("L-1", quantity=9)
    for _ in range(5):
        shop.judge("orders", listing="L-1").raise_for_status()
    since = shop.orders()["nodes"][0]["updatedAt"]
    names, after = [], None
    for _ in range(3):
        page = shop.orders(f"updated_at:>='{since}'", first=2, after=after)
        names += [one["name"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert names == [f"#{1001 + number}" for number in range(5)]
    assert page["pageInfo"]["hasNextPage"] is False
    assert shop.orders("updated_at:>'2999-01-01T00:00:00Z'")["nodes"] == []


def demanded(shop: Any, hours: int, **wish: Any) -> dict[str, Any]:
    shop.http.post("/_sim/clock", json={"pause": True}).raise_for_status()
    shop.judge("demand", **wish).raise_for_status()
    for _ in range(hours):
        shop.http.post("/_sim/clock", json={"advance_s": 3_600}).raise_for_status()
    shop.judge("demand", on=False).raise_for_status()
    shop.http.post("/_sim/clock", json={"pause": False}).raise_for_status()
    sums: dict[str, Any] = shop.ledger()["sums"]
    return sums


def test_buyers_of_one_seed_come_the_same_however_time_is_cut(
    recorded: Any, rough: Any, open_shop: Any
) -> None:
    sums = []
    for process, hours in ((recorded, 10), (rough, 10)):
        shop = open_shop(process, name="demand")
        shop.connect()
        shop.shelve("L-1", quantity=1_000)
        sums.append(demanded(shop, hours, per_hour=5))

    assert sums[0] == sums[1]
    assert 30 <= sums[0]["orders"] <= 75


def test_fewer_come_to_a_higher_price(rough: Any, open_shop: Any) -> None:
    orders = {}
    for price in ("10.00", "20.00"):
        shop = open_shop(rough)
        shop.connect()
        shop.shelve("L-1", price=price, quantity=100_000)
        reference = {"L-1": "10.00"}
        wish = {"per_hour": 400, "elasticity": 1.5, "reference": reference}
        orders[price] = demanded(shop, 2, **wish)["orders"]

    assert 700 < orders["10.00"] < 900
    assert 0.25 < orders["20.00"] / orders["10.00"] < 0.46


def test_nobody_buys_what_is_not_live_or_not_there(rough_shop: Any) -> None:
    rough_shop.set("L-1", rough_shop.wish(sku="S-1"))
    rough_shop.shelve("L-2", sku="S-2", quantity=3)
    sums = demanded(rough_shop, 2, per_hour=50)

    assert sums["units"] == 3
    assert rough_shop.ledger()["lost_sales"] > 10
    assert {
        p["listing"]: p["variants"][0]["quantity"] for p in rough_shop.ledger()["products"]
    } == {
        "L-1": 5,
        "L-2": 0,
    }


@pytest.mark.parametrize(("way", "left"), [({"policy": "CONTINUE"}, -7), ({"tracked": False}, 0)])
def test_buyers_go_on_buying_at_0_where_the_seller_lets_them(
    shop: Any, way: dict[str, Any], left: int
) -> None:
    product = shop.shelve("L-1", quantity=0)
    assert shop.judge("orders", listing="L-1").json()["error"] == "out of stock"
    shop.judge("products/L-1", **way).raise_for_status()
    shop.judge("orders", listing="L-1", quantity=7).raise_for_status()

    variant = shop.find("L-1")["variants"]["nodes"][0]
    policy, tracked = way.get("policy", "DENY"), way.get("tracked", True)
    assert (variant["inventoryPolicy"], variant["inventoryItem"]["tracked"]) == (policy, tracked)
    assert variant["inventoryQuantity"] == left
    assert shop.stock(product, 0, was=left)["userErrors"] == []
    shop.judge("orders", listing="L-1").raise_for_status()


def test_demand_does_not_end_at_0_where_the_seller_lets_it_sell_on(rough_shop: Any) -> None:
    rough_shop.shelve("L-1", sku="S-1", quantity=3)
    rough_shop.shelve("L-2", sku="S-2", quantity=3)
    rough_shop.judge("products/L-2", policy="CONTINUE").raise_for_status()
    demanded(rough_shop, 2, per_hour=50)

    products = rough_shop.ledger()["products"]
    left = {each["listing"]: each["variants"][0]["quantity"] for each in products}
    assert left["L-1"] == 0
    assert left["L-2"] < -10


def test_a_client_takes_back_what_lets_a_listing_sell_on(shop: Any) -> None:
    product = shop.shelve("L-1", quantity=0)
    shop.judge("products/L-1", policy="CONTINUE", tracked=False).raise_for_status()
    variant = product["variants"]["nodes"][0]["id"]
    stop = {"inventoryPolicy": "DENY", "inventoryItem": {"tracked": True}}
    assert shop.ask(shop.PRICES, p=product["id"], v=[{"id": variant, **stop}])["userErrors"] == []

    assert shop.judge("orders", listing="L-1").json()["error"] == "out of stock"
    (seen,) = shop.ledger()["products"][0]["variants"]
    assert (seen["policy"], seen["tracked"]) == ("DENY", True)


def test_a_product_that_lost_its_key_is_found_by_its_number_only(shop: Any) -> None:
    product = shop.shelve("L-1")
    shop.judge("products/L-1", nameless=True).raise_for_status()

    assert shop.find("L-1") is None
    assert shop.ask("query($id:ID!){product(id:$id){id}}", id=product["id"])["id"] == product["id"]
    shop.judge("orders", listing="L-1").raise_for_status()


def test_analytics_can_be_held_to_the_sums_of_the_ledger(shop: Any) -> None:
    shop.shelve("L-1", price="7.77", quantity=100)
    for quantity in (1, 2, 3, 4):
        shop.judge("orders", listing="L-1", quantity=quantity).raise_for_status()
    ledger = shop.ledger()

    totals = [Decimal(one["total"]) for one in ledger["orders"]]
    fees = [Decimal(one["fees"]) for one in ledger["orders"]]
    assert Decimal(ledger["sums"]["revenue"]) == sum(totals) == Decimal("77.70")
    assert Decimal(ledger["sums"]["fees"]) == sum(fees)
    assert ledger["sums"]["units"] == 10


def test_a_human_reaches_into_the_shop_and_it_is_nobody_elses_write(shop: Any) -> None:
    shop.shelve("L-1")
    before = shop.writes()
    shop.judge("products/L-1", price="1.00", quantity=77, status="DRAFT").raise_for_status()
    found = shop.find("L-1")

    assert found["status"] == "DRAFT"
    assert found["variants"]["nodes"][0]["price"] == "1.00"
    assert found["variants"]["nodes"][0]["inventoryQuantity"] == 77
    assert shop.writes() == before
    assert [w["op"] for w in shop.ledger()["by_hand"]] == ["by_hand"]
    assert shop.judge("products/L-9", price="1.00").status_code == 404


def test_a_product_deleted_by_hand_is_gone_and_can_be_set_anew(shop: Any) -> None:
    old = shop.shelve("L-1")
    shop.judge("products/L-1", deleted=True).raise_for_status()

    assert shop.find("L-1") is None
    assert shop.set("L-1")["product"]["id"] != old["id"]
    products = shop.ledger()["products"]
    assert [p["deleted"] for p in products] == [True, False]
    assert shop.ledger()["max_existing_per_listing"] == {"L-1": 1}


def test_the_common_ledger_sums_up_every_shop(shop: Any) -> None:
    shop.shelve("L-1")
    summary = shop.http.get("/_sim/ledger").json()["shops"][shop.name]

    assert (summary["products"], summary["live"], summary["writes"]) == (1, 1, 2)
    assert len(shop.ledger(since=1)["writes"]) == 1
    assert shop.http.get("/_sim/shopify/nobody/ledger").status_code == 404


def test_a_shop_is_opened_once(shop: Any) -> None:
    again = shop.http.post("/_sim/shopify/shops", json={"shop": shop.name})

    assert (again.status_code, again.json()["field"]) == (409, "shop")
    assert shop.name in [one["shop"] for one in shop.http.get("/_sim/shopify/shops").json()]


def test_tax_and_shipping_stand_beside_the_price_and_a_discount_is_taken_off(shop: Any) -> None:
    shop.shelve("L-1", price="9.99", quantity=5)
    sale = {"listing": "L-1", "quantity": 3, "discount": "10.00", "tax": "1.65", "shipping": "5.00"}
    name = shop.judge("orders", **sale).json()["name"].lstrip("#")
    money = (
        "{orders(first:1){nodes{totalPriceSet{shopMoney{amount}} totalTaxSet{shopMoney{amount}} "
        "currentTotalTaxSet{shopMoney{amount}} totalRefundedSet{shopMoney{amount}} "
        "totalRefundedShippingSet{shopMoney{amount}} lineItems(first:1){nodes{"
        "originalTotalSet{shopMoney{amount}} discountAllocations{allocatedAmountSet{"
        "shopMoney{amount}}} discountedUnitPriceAfterAllDiscountsSet{shopMoney{amount}}}}}}}"
    )

    def told() -> dict[str, Any]:
        (order,) = shop.ask(money)["nodes"]
        (line,) = order.pop("lineItems")["nodes"]
        (off,) = line.pop("discountAllocations")
        sums = order | line | off
        return {key: value["shopMoney"]["amount"] for key, value in sums.items()}

    before = {
        "totalPriceSet": "26.62",
        "totalTaxSet": "1.65",
        "currentTotalTaxSet": "1.65",
        "totalRefundedSet": "0.0",
        "totalRefundedShippingSet": "0.0",
        "originalTotalSet": "29.97",
        "allocatedAmountSet": "10.0",
        "discountedUnitPriceAfterAllDiscountsSet": "6.656667",
    }
    assert told() == before
    shop.judge(f"orders/{name}/refund", amount="4.00").raise_for_status()
    assert told() == before | {"totalRefundedSet": "4.0"}
    shop.judge(f"orders/{name}/refund").raise_for_status()
    undone = {"currentTotalTaxSet": "0.0", "totalRefundedShippingSet": "5.0"}
    assert told() == before | undone | {"totalRefundedSet": "26.62"}
    assert shop.judge("orders", listing="L-1", discount="99").status_code == 409
