"""Each fault, as a real HTTP client meets it."""

import zlib
from typing import Any

import httpx
import pytest


def order(simulator: httpx.Client, **fault: Any) -> None:
    simulator.post("/_sim/faults", json=fault).raise_for_status()


def test_a_captcha_is_a_page_with_status_200(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="captcha", count=1)
    answer = simulator.get(product["url"])
    assert answer.status_code == 200
    assert "/errors/validateCaptcha" in answer.text
    assert "captchacharacters" in answer.text
    assert "productTitle" not in answer.text
    assert "productTitle" in simulator.get(product["url"]).text


def test_a_soft_block_speaks_the_language_of_the_site(simulator: httpx.Client) -> None:
    order(simulator, mode="soft_block", source="amazon-de", status=503)
    german = next(p for p in simulator.get("/_sim/products").json() if p["supplier"] == "amazon-de")
    answer = simulator.get(german["url"])
    assert answer.status_code == 503
    assert "Klicke auf die Schaltfläche" in answer.text


def test_a_challenge_asks_for_a_browser(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="js_challenge", count=1)
    answer = simulator.get(product["url"])
    assert answer.status_code == 202
    assert "gokuProps" in answer.text


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500, 503])
def test_a_status_can_be_ordered(
    simulator: httpx.Client, product: dict[str, Any], status: int
) -> None:
    order(simulator, mode=str(status), count=1, retry_after_s=7)
    answer = simulator.get(product["url"])
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if status in {429, 503} else None)


def test_a_timeout_sends_nothing_at_all(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="timeout", count=1)
    with pytest.raises(httpx.ReadTimeout):
        simulator.get(product["url"], timeout=0.2)


def test_a_timeout_ends_in_a_closed_connection(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="timeout", count=1, delay_s=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.get(product["url"])


def test_a_slow_answer_drips_but_is_whole(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="slow", count=1, delay_s=0.3)
    answer = simulator.get(product["url"])
    assert answer.elapsed.total_seconds() > 0.2
    assert answer.text.rstrip().endswith("</html>")


def test_a_cut_body_with_a_length_is_noticed_by_the_client(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="cut_off", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.get(product["url"])


def test_a_cut_body_without_a_length_looks_like_a_whole_answer(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="cut_off", count=1, declared_length=False, cut_at=0.4)
    answer = simulator.get(product["url"])
    assert answer.status_code == 200
    assert answer.content
    assert "</html>" not in answer.text


def test_a_reset_breaks_the_connection_in_the_middle(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="reset", count=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        simulator.get(product["url"])


def test_redirects_point_inside_or_home(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="redirect_internal", count=1)
    order(simulator, mode="redirect_internal", count=1, location="http://10.0.0.1/")
    order(simulator, mode="redirect_home", count=1)
    places = [simulator.get(product["url"]).headers["Location"] for _ in range(3)]
    assert places == [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "/amazon/com/",
    ]


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_answer_streams(
    simulator: httpx.Client, product: dict[str, Any], declared: bool
) -> None:
    order(simulator, mode="huge", count=1, size_mb=9, declared_length=declared)
    assert len(simulator.get(product["url"]).content) == 9 << 20


def test_a_gzip_bomb_is_small_on_the_wire_only(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="gzip_bomb", count=1, size_mb=8)
    with simulator.stream("GET", product["url"]) as answer:
        packed = b"".join(answer.iter_raw())
    assert len(packed) < 20_000
    assert len(zlib.decompress(packed, wbits=31)) == 8 << 20


def test_an_empty_answer_has_status_200(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="empty", count=1)
    answer = simulator.get(product["url"])
    assert (answer.status_code, answer.content) == (200, b"")


def test_faults_keep_to_their_product_source_and_route(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    other = next(
        p
        for p in simulator.get("/_sim/products").json()
        if p["supplier"] == "amazon-com" and p["id"] != product["id"]
    )
    order(simulator, mode="503", id=product["id"])
    order(simulator, mode="500", source="feed")
    order(simulator, mode="403", route="robots")
    assert simulator.get(product["url"]).status_code == 503
    assert simulator.get(other["url"]).status_code == 200
    assert simulator.get("/feed/products.json").status_code == 500
    assert simulator.get("/robots.txt").status_code == 403


def test_a_probability_strikes_its_share(simulator: httpx.Client, product: dict[str, Any]) -> None:
    order(simulator, mode="503", probability=0.3)
    statuses = [simulator.head(product["url"]).status_code for _ in range(200)]
    assert 35 <= statuses.count(503) <= 85


def test_a_count_is_listed_while_it_lasts_and_faults_can_be_cleared(
    simulator: httpx.Client, product: dict[str, Any]
) -> None:
    order(simulator, mode="503", count=2)
    order(simulator, mode="captcha")
    simulator.get(product["url"])
    listed = simulator.get("/_sim/faults").json()
    assert [(f["fault"]["mode"], f["struck"], f["left"]) for f in listed] == [
        ("503", 1, 1),
        ("captcha", 0, None),
    ]
    assert simulator.delete("/_sim/faults").json() == {"cleared": 2}
    assert simulator.get(product["url"]).status_code == 200


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"mode": "earthquake"}, "mode"),
        ({"mode": "503", "count": 0}, "count"),
        ({"mode": "503", "probability": 2}, "probability"),
        ({"mode": "503", "source": "amazon-mars"}, "source"),
        ({"mode": "slow", "delay": 3}, "delay"),
        ({}, "mode"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_by_field(
    simulator: httpx.Client, fault: dict[str, Any], field: str
) -> None:
    answer = simulator.post("/_sim/faults", json=fault)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
