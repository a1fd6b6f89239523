"""What a polite client meets: pages, feeds and robots.txt over real HTTP."""

import csv
import io
from typing import Any

import httpx


def test_a_product_page_shows_the_truth(simulator: httpx.Client, product: dict[str, Any]) -> None:
    answer = simulator.get(product["url"])
    assert answer.status_code == 200
    assert "$348.99" in answer.text
    assert f'id="ASIN" name="ASIN" value="{product["id"]}"' in answer.text
    assert answer.text.rstrip().endswith("</html>")


def test_a_new_truth_is_on_the_next_page(simulator: httpx.Client, product: dict[str, Any]) -> None:
    before = simulator.get(product["url"]).text
    simulator.post(f"/_sim/products/{product['id']}", json={"price": "1299.00", "quantity": 3})
    after = simulator.get(product["url"]).text
    assert "$1,299.00" not in before
    assert "$1,299.00" in after
    assert "Only 3 left in stock" in after


def test_an_unknown_product_and_a_delisted_one_answer_404(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    unknown = simulator.get("/amazon/com/dp/B000000000")
    simulator.post(f"/_sim/products/{product['id']}", json={"state": "gone"})
    delisted = simulator.get(product["url"])
    for answer in (unknown, delisted):
        assert answer.status_code == 404
        assert "Dogs of Amazon" in answer.text


def test_a_product_is_not_sold_on_another_site(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    assert simulator.get(f"/amazon/de/dp/{product['id']}").status_code == 404


def test_both_feeds_list_the_same_rows(simulator: httpx.Client) -> None:
    from_csv = list(csv.DictReader(io.StringIO(simulator.get("/feed/products.csv").text)))
    from_json = simulator.get("/feed/products.json").json()
    assert [{k: str(v) for k, v in row.items()} for row in from_json] == from_csv
    truths = {p["id"]: p for p in simulator.get("/_sim/products?supplier=feed").json()}
    assert {row["id"] for row in from_json} == set(truths)
    for row in from_json:
        assert row["price"] == truths[row["id"]]["price"]["amount"]
        assert row["stock"] == truths[row["id"]]["quantity"]


def test_an_unchanged_feed_answers_304_and_a_changed_one_does_not(simulator: httpx.Client) -> None:
    for row in simulator.get("/feed/products.json").json():
        simulator.post(f"/_sim/products/{row['id']}", json={"hold": True})
    etag = simulator.get("/feed/products.csv").headers["ETag"]
    known = {"If-None-Match": etag}
    assert simulator.get("/feed/products.csv", headers=known).status_code == 304
    simulator.post("/_sim/products/SKU-10001", json={"price": "77.77"})
    fresh = simulator.get("/feed/products.csv", headers=known)
    assert fresh.status_code == 200
    assert "77.77" in fresh.text
    simulator.post("/_sim/products/SKU-10001", json={"state": "gone"})
    assert "SKU-10001" not in simulator.get("/feed/products.csv").text
    simulator.post("/_sim/products/SKU-10001", json={"state": "buyable"})


def test_robots_txt_allows_until_it_is_told_otherwise(simulator: httpx.Client) -> None:
    assert simulator.get("/robots.txt").text == "User-agent: *\nDisallow:\n"
    simulator.post("/_sim/robots", json={"body": "", "status": 503})
    assert simulator.get("/robots.txt").status_code == 503


def test_the_home_page_is_there_and_other_addresses_are_not(simulator: httpx.Client) -> None:
    assert "gw-layout" in simulator.get("/amazon/de/").text
    assert simulator.get("/elsewhere").status_code == 404
    assert simulator.post("/feed/products.csv").status_code == 405
    assert simulator.get("/health").json()["status"] == "ok"
