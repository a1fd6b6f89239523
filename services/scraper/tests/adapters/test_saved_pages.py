"""`dropship parse`: lines in, lines out, whatever the lines."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

from dropship.scraper.adapters.saved_pages import LINE_MAX, parse_jsonl

RECORDED = Path(__file__).parent / "amazon" / "in_stock.html"


def answers_to(*lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    parse_jsonl(io.StringIO("\n".join(lines) + "\n"), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def question(file: Path, supplier: str = "amazon", url: str | None = None) -> str:
    return json.dumps({"file": str(file), "url": url, "supplier": supplier})


def test_a_saved_page_is_told_with_its_price_and_stock() -> None:
    (answer,) = answers_to(question(RECORDED, url="https://www.amazon.de/dp/B0HANDMADE"))
    assert answer["kind"] == "product"
    assert answer["external_id"] == "B0HANDMADE"
    assert answer["price"] == {"amount": "1024.95", "currency": "EUR"}
    assert (answer["availability"], answer["quantity"]) == ("low", 3)
    assert answer["flags"] == ["third_party"]


def test_another_product_than_the_address_names_is_flagged() -> None:
    (answer,) = answers_to(question(RECORDED, url="https://www.amazon.de/dp/B0OTHERONE"))
    assert "other_product" in answer["flags"]


def test_packed_pages_are_read_too(tmp_path: Path) -> None:
    packed = tmp_path / "page.html.gz"
    packed.write_bytes(gzip.compress(RECORDED.read_bytes()))
    (answer,) = answers_to(question(packed))
    assert answer["kind"] == "product"


def test_every_line_is_answered_in_order_even_a_bad_one(tmp_path: Path) -> None:
    broken = tmp_path / "broken.html.gz"
    broken.write_bytes(b"\x1f\x8bnot gzip")
    robot = RECORDED.with_name("robot_check.html")
    answers = answers_to(
        "not json",
        "[1]",
        "x" * (LINE_MAX + 10),
        question(tmp_path / "none.html"),
        question(broken),
        question(RECORDED, supplier="nobody"),
        question(robot),
        question(RECORDED),
    )
    kinds = [answer["kind"] for answer in answers]
    assert kinds == ["unreadable"] * 6 + ["blocked", "product"]
    assert all(answer["price"] is None for answer in answers[:7])
