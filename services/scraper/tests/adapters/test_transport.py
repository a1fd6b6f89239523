"""The way to the outside: bounded, checked at every hop, and polite."""

import gzip
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from dropship.contracts.offers import FailureReason
from dropship.runtime.clock import ManualClock
from dropship.runtime.egress import Egress
from dropship.runtime.testing.prepared import Answer, PreparedServer, by_path, serving
from dropship.scraper.adapters.port import Unreached
from dropship.scraper.adapters.robots import KEPT_ILL_S, Polite, Robots
from dropship.scraper.adapters.transport import BrowserTransport, PlainTransport

PAGE = Answer(200, {"content-type": "text/html"}, b"<html>hello</html>")


@asynccontextmanager
async def browsing(
    answers: Mapping[str, Answer], max_bytes: int = 100_000, timeout_s: float = 5.0
) -> AsyncIterator[tuple[BrowserTransport, PreparedServer]]:
    egress = Egress(development=True)
    browser = BrowserTransport(egress, max_bytes, timeout_s)
    async with serving(by_path(answers)) as server:
        try:
            yield browser, server
        finally:
            await browser.close()
            await egress.aclose()


async def why_not(browser: BrowserTransport, url: str) -> FailureReason:
    with pytest.raises(Unreached) as caught:
        await browser.get(url)
    return caught.value.reason


async def test_we_look_like_a_common_browser_and_add_nothing_of_ours() -> None:
    async with browsing({"/": PAGE}) as (browser, server):
        page = await browser.get(f"{server.url}/")
    assert (page.status, page.body) == (200, PAGE.body)
    assert "chrome/" in server.asked[0].headers["user-agent"].lower()
    assert "dropship" not in str(server.asked[0]).lower()


async def test_a_page_that_is_too_large_is_given_up_on_the_way() -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    answers = {
        "/large": Answer(200, {}, b"x" * 200_000),
        "/bomb": Answer(200, {"content-encoding": "gzip"}, bomb),
    }
    async with browsing(answers) as (browser, server):
        for path in answers:
            assert await why_not(browser, server.url + path) is FailureReason.too_large


async def test_a_supplier_that_never_answers_is_not_waited_for() -> None:
    async with browsing({"/": Answer(is_silent=True)}, timeout_s=0.3) as (browser, server):
        assert await why_not(browser, f"{server.url}/") is FailureReason.timeout


async def test_nobody_at_home_is_unreachable() -> None:
    async with browsing({}) as (browser, server):
        url = server.url
    async with browsing({}) as (browser, _):
        assert await why_not(browser, url) is FailureReason.unreachable


async def test_redirects_are_followed_by_hand_and_not_for_ever() -> None:
    answers = {
        "/a": Answer(301, {"location": "/b"}),
        "/b": Answer(302, {"location": "/page"}),
        "/page": PAGE,
        "/odd": Answer(302, {"location": "http://[::1"}),
        "/round": Answer(302, {"location": "/round"}),
    }
    async with browsing(answers) as (browser, server):
        page = await browser.get(f"{server.url}/a")
        assert page.url == f"{server.url}/page"
        assert await why_not(browser, f"{server.url}/round") is FailureReason.redirected
        assert server.paths.count("/round") == 6
        assert await why_not(browser, f"{server.url}/odd") is FailureReason.truncated


async def test_outside_development_our_own_machine_is_not_looked_at() -> None:
    egress = Egress()
    browser = BrowserTransport(egress)
    async with serving(by_path({"/": PAGE})) as server:
        assert await why_not(browser, f"{server.url}/") is FailureReason.refused_address
        assert server.asked == []
    await egress.aclose()


async def test_an_unchanged_feed_is_not_sent_again() -> None:
    egress = Egress(development=True)
    async with serving(by_path({"/f": Answer(200, {"etag": '"v1"'}, b"id\n")})) as server:
        plain = PlainTransport(egress)
        first = await plain.get(f"{server.url}/f")
        again = await plain.get(f"{server.url}/f", etag=first.headers["etag"])
    await egress.aclose()
    assert (first.status, again.status) == (200, 304)
    assert "dropship-central" in server.asked[0].headers["user-agent"].lower()


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (Answer(200, {}, b"User-agent: *\nDisallow: /private\n"), True),
        (Answer(200, {}, b"User-agent: *\nDisallow: /page\n"), False),
        (Answer(200, {}, b"User-agent: dropship-central\nDisallow: /\n"), False),
        (Answer(200, {}, b"\xff\xfe\0 nonsense"), True),
        (Answer(404), True),
        (Answer(403), True),
        (Answer(500), False),
        (Answer(503), False),
    ],
)
async def test_robots_txt_is_obeyed(rules: Answer, allowed: bool) -> None:
    async with browsing({"/robots.txt": rules, "/page": PAGE}) as (browser, server):
        polite = Polite(browser, Robots(browser, ManualClock()))
        for _ in range(3):
            if allowed:
                assert (await polite.get(f"{server.url}/page")).status == 200
            else:
                with pytest.raises(Unreached) as caught:
                    await polite.get(f"{server.url}/page")
                assert caught.value.reason is FailureReason.robots_disallowed
        assert server.paths.count("/robots.txt") == 1
        assert ("/page" in server.paths) == allowed


async def test_rules_that_could_not_be_had_are_asked_for_again_soon() -> None:
    clock = ManualClock()
    answers = {"/robots.txt": Answer(503), "/page": PAGE}
    async with browsing(answers) as (browser, server):
        robots = Robots(browser, clock)
        assert not await robots.allow(f"{server.url}/page")
        answers["/robots.txt"] = Answer(404)
        clock.advance(KEPT_ILL_S + 1)
        assert await robots.allow(f"{server.url}/page")
