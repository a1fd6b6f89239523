"""Saved real pages are served as they were seen, at the addresses they were seen at."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest


@pytest.fixture(scope="session")
def with_pages(start_simulator: Callable[..., httpx.Client], saved_pages: Path) -> httpx.Client:
    return start_simulator("--pages", str(saved_pages))


def test_a_saved_page_comes_unpacked_and_unchanged(
    with_pages: httpx.Client, saved_pages: Path
) -> None:
    files = sorted(saved_pages.glob("amazon-de-*.html.gz"))
    site, asin = "de", files[0].name.split("-")[2].split(".")[0]
    answer = with_pages.get(f"/amazon/{site}/dp/{asin}")
    assert answer.status_code == 200
    assert answer.content == gzip.decompress(files[0].read_bytes())


def test_every_product_with_a_ground_truth_is_listed_with_it(
    with_pages: httpx.Client, saved_pages: Path
) -> None:
    listed = {p["page"]: p for p in with_pages.get("/_sim/products").json() if "page" in p}
    truths = [json.loads(file.read_text()) for file in saved_pages.glob("amazon-*.json")]
    wanted = [t for t in truths if t["page_kind"] == "product"]
    assert set(listed) >= {t["file"] for t in wanted}
    for truth in wanted:
        shown = listed[truth["file"]]
        amount = None if shown["price"] is None else shown["price"]["amount"]
        assert amount == truth["price"]
        assert shown["id"] == truth["requested_id"]
        assert with_pages.head(shown["url"]).status_code == 200


def test_block_pages_can_be_asked_for_but_are_no_products(with_pages: httpx.Client) -> None:
    pages = with_pages.get("/_sim/pages").json()
    blocked = [page for page in pages if page["page_kind"] == "blocked"]
    assert blocked
    for page in blocked:
        assert len(page["id"]) == 10
        assert "productTitle" not in with_pages.get(page["url"]).text
    listed = {p.get("page") for p in with_pages.get("/_sim/products").json()}
    assert listed.isdisjoint(page["page"] for page in blocked)


def test_a_saved_page_cannot_be_given_another_truth(with_pages: httpx.Client) -> None:
    page = next(p for p in with_pages.get("/_sim/pages").json() if p["page_kind"] == "product")
    answer = with_pages.post(f"/_sim/products/{page['id']}", json={"price": "1.00"})
    assert answer.status_code == 409


def test_a_page_without_ground_truth_is_found_by_its_name(
    start_simulator: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    (tmp_path / "amazon-co.jp-B012345678.html.gz").write_bytes(gzip.compress(b"<html></html>"))
    (tmp_path / "amazon-com-B012345678.html").write_bytes(b"<html>com</html>")
    client = start_simulator("--pages", str(tmp_path))
    assert client.get("/amazon/co.jp/dp/B012345678").text == "<html></html>"
    assert client.get("/amazon/com/dp/B012345678").text == "<html>com</html>"
    listed = [p for p in client.get("/_sim/products").json() if "page" in p]
    assert {p["supplier"] for p in listed} == {"amazon-co-jp", "amazon-com"}
    assert {p["price"] for p in listed} == {None}
