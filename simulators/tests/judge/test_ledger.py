"""The ledger counts every request, and judges how polite its client was."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest


def source(simulator: httpx.Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = simulator.get("/_sim/ledger").json()["sources"][name]
    return found


def test_every_request_to_a_supplier_is_written_down_and_none_to_the_judge(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    simulator.get(product["url"], headers={"User-Agent": "shop-eyes/1"})
    simulator.get("/feed/products.csv")
    simulator.get("/robots.txt")
    simulator.get("/amazon/com/dp/B000000000")
    ledger = simulator.get("/_sim/ledger").json()
    assert [(e["source"], e["id"], e["status"]) for e in ledger["entries"]] == [
        ("amazon-com", product["id"], 200),
        ("feed", None, 200),
        ("robots", None, 200),
        ("amazon-com", "B000000000", 404),
    ]
    first, last = ledger["entries"][0], ledger["entries"][-1]
    assert first["agent"] == "shop-eyes/1"
    assert first["gap_s"] is None
    assert first["duration_s"] >= 0
    assert first["reached"] is True
    assert last["gap_s"] > 0
    assert ledger["totals"]["requests"] == ledger["total"] == 4


def test_a_cursor_reads_only_what_is_new(simulator: httpx.Client, product: dict[str, Any]) -> None:
    for _ in range(3):
        simulator.get(product["url"])
    page = simulator.get("/_sim/ledger?since=1&limit=1").json()
    assert [e["n"] for e in page["entries"]] == [2]
    rest = simulator.get(f"/_sim/ledger?since={page['next']}").json()
    assert [e["n"] for e in rest["entries"]] == [3]
    assert simulator.get("/_sim/ledger?since=3").json()["next"] == 3
    assert simulator.get("/_sim/ledger?since=x").status_code == 422


def test_requests_at_the_same_time_show_as_in_flight(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    simulator.post("/_sim/faults", json={"mode": "slow", "delay_s": 0.3})
    with ThreadPoolExecutor(4) as shoppers:
        list(shoppers.map(simulator.get, [product["url"]] * 4))
    tally = source(simulator, "amazon-com")
    assert tally["max_in_flight"] == 4
    assert tally["in_flight"] == 0
    assert tally["min_gap_s"] < 0.3
    assert tally["faults"] == {"slow": 4}


def test_a_client_that_gives_up_is_no_longer_in_flight(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    simulator.post("/_sim/faults", json={"mode": "timeout", "count": 1})
    with pytest.raises(httpx.ReadTimeout):
        simulator.get(product["url"], timeout=0.1)
    for _ in range(200):
        if source(simulator, "amazon-com")["in_flight"] == 0:
            break
    entry = simulator.get("/_sim/ledger").json()["entries"][-1]
    assert entry["reached"] is False
    assert entry["fault"] == "timeout"


def test_requests_too_soon_after_a_429_are_counted(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    simulator.post("/_sim/faults", json={"mode": "429", "count": 1, "retry_after_s": 60})
    for _ in range(3):
        simulator.get(product["url"])
    simulator.get("/feed/products.csv")
    assert source(simulator, "amazon-com")["requests_after_429"] == 2
    assert source(simulator, "feed")["requests_after_429"] == 0


def test_what_robots_txt_forbids_is_counted_as_a_violation(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    body = (
        "User-agent: *\nDisallow: /amazon/*/dp/\nAllow: /amazon/co.uk/\n\n"
        "User-agent: shop-eyes\nDisallow: /feed/*.csv$\n"
    )
    simulator.post("/_sim/robots", json={"body": body})
    simulator.get(product["url"], headers={"User-Agent": "curl/8"})
    simulator.get("/amazon/co.uk/dp/B000000000", headers={"User-Agent": "curl/8"})
    simulator.get("/feed/products.csv", headers={"User-Agent": "curl/8"})
    simulator.get(product["url"], headers={"User-Agent": "Shop-Eyes/2"})
    simulator.get("/feed/products.csv", headers={"User-Agent": "Shop-Eyes/2"})
    simulator.get("/feed/products.json", headers={"User-Agent": "Shop-Eyes/2"})
    entries = simulator.get("/_sim/ledger").json()["entries"]
    assert [e["robots_violation"] for e in entries] == [True, False, False, False, True, False]
    assert source(simulator, "feed")["robots_violations"] == 1


def test_a_reset_forgets_everything(simulator: httpx.Client, product: dict[str, Any]) -> None:
    simulator.get(product["url"])
    simulator.post("/_sim/ledger/reset")
    ledger = simulator.get("/_sim/ledger").json()
    assert (ledger["total"], ledger["entries"], ledger["sources"]) == (0, [], {})
