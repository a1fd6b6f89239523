"""The truth can be read, set, and followed through time."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Start = Callable[..., httpx.Client]


def set_truth(simulator: httpx.Client, id_: str, **truth: Any) -> dict[str, Any]:
    answer = simulator.post(f"/_sim/products/{id_}", json=truth)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_what_is_set_is_what_is_read(simulator: httpx.Client, product: dict[str, Any]) -> None:
    set_truth(simulator, product["id"], price={"amount": "12.30", "currency": "USD"}, quantity=4)
    shown = simulator.get(f"/_sim/products/{product['id']}").json()
    assert shown["price"] == {"amount": "12.30", "currency": "USD"}
    assert (shown["availability"], shown["quantity"]) == ("low", 4)
    assert shown["shown"]["quantity"] == 4
    listed = {p["id"]: p for p in simulator.get("/_sim/products").json()}
    assert listed[product["id"]] == shown


@pytest.mark.parametrize(
    ("truth", "availability", "price"),
    [
        ({"quantity": 0}, "out_of_stock", None),
        ({"availability": "out_of_stock"}, "out_of_stock", None),
        ({"availability": "low"}, "low", "348.99"),
        ({"state": "no_featured_offer"}, "no_featured_offer", None),
        ({"availability": "used_only"}, "used_only", "258.25"),
        ({"state": "gone"}, "discontinued", None),
        ({"price": 20}, "in_stock", "20.00"),
    ],
)
def test_an_offer_can_be_brought_into_any_state(
    simulator: httpx.Client,
    product: dict[str, Any],
    truth: dict[str, Any],
    availability: str,
    price: str | None,
) -> None:
    shown = set_truth(simulator, product["id"], **truth)
    assert shown["availability"] == availability
    assert (shown["price"] or {}).get("amount") == price


def test_a_price_set_on_what_cannot_be_bought_makes_it_buyable(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    set_truth(simulator, product["id"], state="gone")
    assert set_truth(simulator, product["id"], price="5.00")["availability"] == "in_stock"


@pytest.mark.parametrize(
    ("truth", "field"),
    [
        ({"price": "-1"}, "price"),
        ({"price": "0"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1.999"}, "price"),
        ({"price": {"amount": "5.00", "currency": "EUR"}}, "price.currency"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"availability": "maybe"}, "availability"),
        ({"availability": "low", "quantity": 50}, "quantity"),
        ({"availability": "in_stock", "state": "gone"}, "availability"),
        ({"stock": 5}, "stock"),
        ({}, None),
    ],
)
def test_nonsense_is_refused_by_field_and_changes_nothing(
    simulator: httpx.Client, product: dict[str, Any], truth: dict[str, Any], field: str | None
) -> None:
    answer = simulator.post(f"/_sim/products/{product['id']}", json=truth)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert simulator.get(f"/_sim/products/{product['id']}").json() == product


def test_unknown_products_and_broken_bodies_are_told_apart(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    assert simulator.post("/_sim/products/B000000000", json={"price": "1"}).status_code == 404
    assert simulator.post(f"/_sim/products/{product['id']}", content=b"{").status_code == 400
    assert simulator.get("/_sim/nowhere").status_code == 404


def test_history_tells_every_truth_with_its_moment(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    set_truth(simulator, product["id"], price="9.99")
    set_truth(simulator, product["id"], quantity=0)
    history = simulator.get(f"/_sim/truth?id={product['id']}").json()
    last = [(e["price"]["amount"], e["stock"]) for e in history[-2:]]
    assert last == [("9.99", 40), ("9.99", 0)]
    assert [e["t"] for e in history] == sorted(e["t"] for e in history)
    assert [e["at"] for e in history] == sorted(e["at"] for e in history)
    lines = simulator.get(f"/_sim/truth?id={product['id']}&format=ndjson").text.splitlines()
    assert len(lines) == len(history)
    assert simulator.get("/_sim/truth?id=B000000000").status_code == 404


def test_the_clock_is_pushed_paused_and_made_faster(start_simulator: Start) -> None:
    simulator = start_simulator("--seed", "3", "--speed", "1")
    paused = simulator.post("/_sim/clock", json={"pause": True}).json()
    assert simulator.get("/_sim/clock").json() == paused
    before = simulator.get("/_sim/products").json()
    assert simulator.get("/_sim/products").json() == before
    later = simulator.post("/_sim/clock", json={"advance_s": 86_400}).json()
    assert later["t"] == pytest.approx(paused["t"] + 86_400, abs=0.01)
    assert simulator.get("/_sim/products").json() != before
    faster = simulator.post("/_sim/clock", json={"speed": 86_400, "pause": False}).json()
    assert (faster["speed"], faster["paused"]) == (86_400, False)
    for order in ({}, {"speed": 0}, {"advance_s": -1}, {"pause": 3}):
        assert simulator.post("/_sim/clock", json=order).status_code == 422


def test_two_processes_of_one_seed_tell_one_history(start_simulator: Start) -> None:
    histories = []
    for _ in range(2):
        simulator = start_simulator("--seed", "11", "--products", "8", "--feed-rows", "4")
        simulator.post("/_sim/clock", json={"pause": True})
        t = simulator.get("/_sim/clock").json()["t"]
        simulator.post("/_sim/clock", json={"advance_s": 200_000 - t})
        entries = simulator.get("/_sim/truth").json()
        histories.append([(e["t"], e["id"], e["price"], e["stock"]) for e in entries])
    assert histories[0] == histories[1]
    assert len(histories[0]) > 100
