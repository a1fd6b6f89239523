"""Faults on order: what took effect, and what the caller was told of it."""

from typing import Any

import httpx
import pytest

NAME = "{shop{name}}"


def test_a_lost_answer_hides_an_effect_that_happened(shop: Any) -> None:
    shop.fault("drop_after_commit", op="productSet", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        shop.set("L-1")
    product = shop.set("L-1")["product"]

    ledger = shop.ledger()
    assert [w["answered"] for w in ledger["writes"]] == [False, True]
    assert [w["fault"] for w in ledger["writes"]] == ["drop_after_commit", None]
    assert [p["id"] for p in ledger["products"]] == [product["id"]]
    assert ledger["max_existing_per_listing"] == {"L-1": 1}


def test_a_lost_request_has_no_effect(shop: Any) -> None:
    shop.fault("drop_before", op="productSet", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        shop.set("L-1")

    assert shop.find("L-1") is None
    assert shop.ledger()["writes"] == []


@pytest.mark.parametrize("mode", ["500", "500_after_commit"])
def test_a_500_does_not_tell_whether_it_was_done(shop: Any, mode: str) -> None:
    product = shop.shelve("L-1")
    shop.fault(mode, op="productVariantsBulkUpdate", count=1)
    variant = {"id": product["variants"]["nodes"][0]["id"], "price": "99.00"}
    answer = shop.send(shop.PRICES, {"p": product["id"], "v": [variant]})

    assert answer.status_code == 500
    done = shop.find("L-1")["variants"]["nodes"][0]["price"] == "99.00"
    assert done is (mode == "500_after_commit")
    assert shop.writes()[-1][-1] is not done


def test_busy_answers_say_when_to_come_again(shop: Any) -> None:
    shop.fault("429", count=1)
    shop.fault("503", count=1, retry_after_s=7)

    first, second, third = shop.send(NAME), shop.send(NAME), shop.send(NAME)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "2.0")
    assert (second.status_code, second.headers["Retry-After"]) == (503, "7.0")
    assert third.status_code == 200


def test_a_throttling_storm_empties_the_bucket(shop: Any) -> None:
    shop.fault("throttled", op="productSet", count=1)
    answer = shop.send(shop.SET, {"id": shop.custom("L-1"), "in": shop.wish()}).json()

    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 10
    assert shop.ledger()["writes"] == []
    assert shop.ledger()["throttled"] == 1


def test_a_malformed_answer_cannot_be_read_though_it_was_done(rough_shop: Any) -> None:
    rough_shop.fault("malformed", op="productSet", count=1)
    answer = rough_shop.send(
        rough_shop.SET, {"id": rough_shop.custom("L-1"), "in": rough_shop.wish()}
    )

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    assert rough_shop.writes() == [("productSet", "12.30", 5, False)]


def test_a_slow_answer_outlives_an_impatient_client(shop: Any, await_true: Any) -> None:
    shop.fault("slow", op="productSet", count=2, delay_s=0.2)
    shop.set("L-1")
    assert shop.writes()[0][-1] is True
    shop.http.timeout = 0.05
    with pytest.raises(httpx.ReadTimeout):
        shop.set("L-2")
    shop.http.timeout = 10
    await_true(lambda: len(shop.writes()) == 2)
    assert shop.writes()[1][-1] is False


def test_a_token_can_be_revoked_in_the_middle(shop: Any) -> None:
    product = shop.shelve("L-1")
    shop.fault("revoke_token", op="productUpdate", count=1)
    wish = {"p": {"id": product["id"], "status": "DRAFT"}}

    assert shop.send(shop.UPDATE, wish).status_code == 401
    assert shop.send(shop.UPDATE, wish).status_code == 401
    assert shop.ledger()["calls_after_revocation"] == 1
    shop.token = shop.grant().json()["access_token"]
    assert shop.send(shop.UPDATE, wish).status_code == 200


def test_reads_can_lag_behind_writes(shop: Any, await_true: Any) -> None:
    product = shop.shelve("L-1")
    shop.fault("read_lag", op="productByIdentifier", delay_s=0.4)
    shop.price(product, "20.00")

    def seen() -> Any:
        found = shop.find("L-1")
        return found and found["variants"]["nodes"][0]["price"]

    assert seen() != "20.00"
    await_true(lambda: seen() == "20.00")
    whole = shop.ask("query($p:ID!){product(id:$p){id}}", p=product["id"])
    assert whole == {"id": product["id"]}


def test_a_fault_can_mean_one_listing_only(shop: Any) -> None:
    first, second = shop.shelve("L-1", sku="S-1"), shop.shelve("L-2", sku="S-2")
    shop.fault("500", listing="L-2")
    named = [
        (shop.PRICES, {"p": one["id"], "v": [{"id": one["variants"]["nodes"][0]["id"]}]})
        for one in (first, second)
    ]
    set_again = [
        (shop.SET, {"id": shop.custom(name), "in": {"title": "New"}}) for name in ("L-1", "L-2")
    ]
    found = [(shop.FIND, {"i": shop.custom(name)}) for name in ("L-1", "L-2")]

    statuses = [shop.send(*one).status_code for one in (*named, *set_again, *found)]
    assert statuses == [200, 500] * 3
    shop.no_faults()
    assert shop.find("L-2")["id"] == second["id"]


def test_the_token_endpoint_fails_on_order_too(shop: Any) -> None:
    shop.fault("503", op="token", count=1)
    shop.fault("drop_after_commit", op="token", count=1)

    assert shop.grant().status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        shop.grant()
    assert shop.grant().status_code == 200
    assert shop.send(NAME).status_code == 200


def test_the_dice_of_the_seed_decide_which_calls_fail(
    recorded: Any, rough: Any, open_shop: Any
) -> None:
    fates = []
    for process in (recorded, rough):
        shop = open_shop(process, name="dice")
        shop.connect()
        shop.fault("500", op="shop", probability=0.3)
        fates.append([shop.send(NAME).status_code for _ in range(30)])

    assert fates[0] == fates[1]
    assert set(fates[0]) == {200, 500}


def test_a_fault_nobody_knows_is_refused(shop: Any) -> None:
    answer = shop.judge("faults", mode="flood")

    assert (answer.status_code, answer.json()["field"]) == (422, "mode")


def test_an_error_page_can_show_the_secret_that_was_sent(shop: Any) -> None:
    product = shop.shelve("L-1")
    shop.fault("500_echo", op="productUpdate", count=1)
    shop.fault("500_echo", op="token", count=1)

    answer = shop.send(shop.UPDATE, {"p": {"id": product["id"], "status": "DRAFT"}})
    assert (answer.status_code, answer.json()["errors"]) == (500, shop.token)
    assert shop.find("L-1")["status"] == "ACTIVE"
    refused = shop.grant()
    assert refused.status_code == 500
    assert shop.made["client_secret"] in refused.json()["errors"]
