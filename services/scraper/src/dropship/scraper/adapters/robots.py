"""robots.txt (RFC 9309), obeyed unless the operator decides otherwise.

A missing one (4xx) allows everything; one that cannot be had (5xx, no connection) forbids
everything until it can.
"""

from collections import OrderedDict
from urllib.parse import urlsplit

from protego import Protego

from dropship.contracts.offers import FailureReason
from dropship.runtime.clock import Clock
from dropship.scraper.adapters.port import Transport, Unreached
from dropship.scraper.domain.reading import Page

AGENT = "dropship-central"
KEPT_S = 6 * 3600.0
KEPT_ILL_S = 60.0
ORIGINS_MAX = 256


class Robots:
    """The rules of each origin, asked for once and kept for six hours (a minute while ill)."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self._rules: OrderedDict[str, tuple[float, Protego]] = OrderedDict()

    async def allow(self, url: str) -> bool:
        """Whether both a nameless robot and ourselves by name may fetch this.

        Both, because we may look like a browser there and must not profit from the disguise.
        """
        rules = await self._rules_of("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        return bool(rules.can_fetch(url, AGENT) and rules.can_fetch(url, "*"))

    async def _rules_of(self, origin: str) -> Protego:
        kept = self._rules.get(origin)
        if kept is not None and kept[0] > self._clock.monotonic():
            return kept[1]
        text, kept_s = await self._asked(origin)
        rules = Protego.parse(text)
        self._rules[origin] = (self._clock.monotonic() + kept_s, rules)
        self._rules.move_to_end(origin)
        if len(self._rules) > ORIGINS_MAX:
            self._rules.popitem(last=False)
        return rules

    async def _asked(self, origin: str) -> tuple[str, float]:
        try:
            page = await self._transport.get(f"{origin}/robots.txt")
        except Unreached:
            return "User-agent: *\nDisallow: /", KEPT_ILL_S
        if page.status >= 500:
            return "User-agent: *\nDisallow: /", KEPT_ILL_S
        if page.status >= 400:
            return "", KEPT_S
        return page.body[: 512 * 1024].decode("utf-8", errors="replace"), KEPT_S


class Polite:
    """A transport that asks robots.txt before it asks for anything else."""

    def __init__(self, transport: Transport, robots: Robots) -> None:
        self._transport, self._robots = transport, robots

    async def get(self, url: str, *, etag: str | None = None) -> Page:
        if not await self._robots.allow(url):
            raise Unreached(FailureReason.robots_disallowed, "robots.txt does not allow this page")
        return await self._transport.get(url, etag=etag)
