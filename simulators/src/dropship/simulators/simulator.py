"""One process's suppliers: each request is answered, perhaps spoiled, and written down."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from dropship.simulators.clock import VirtualClock
from dropship.simulators.judge.faults import FaultBook, Route
from dropship.simulators.judge.ledger import Ledger, Visit
from dropship.simulators.judge.robots import Robots
from dropship.simulators.judge.spoiling import spoil
from dropship.simulators.pages.saved import SavedPages
from dropship.simulators.storefront import Storefront
from dropship.simulators.wire.messages import Reply, Request, refusal
from dropship.simulators.wire.server import Send
from dropship.simulators.world.catalogue import source_of
from dropship.simulators.world.world import Change, WantedTruth, World

HISTORY_SIZE = 500_000
_PRODUCT = re.compile(r"^/amazon/(?P<site>[a-z.]{2,8})/dp/(?P<asin>[A-Za-z0-9]{1,32})/?$")
_HOME = re.compile(r"^/amazon/(?P<site>[a-z.]{2,8})/?$")
_FEED = re.compile(r"^/feed/products\.(?P<form>csv|json)$")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change of the truth with the real moment when it became true."""

    at: datetime
    change: Change


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom a path means. Only what has a `route` can be met by faults and rules."""

    source: str
    route: Route | None = None
    site: str = ""
    id: str | None = None
    form: str = ""


class Simulator:
    """The suppliers' side. The judge's side works on the same parts from `judge/control.py`."""

    def __init__(
        self, world: World, clock: VirtualClock, saved: SavedPages | None, page_bytes: int
    ) -> None:
        self.world = world
        self.clock = clock
        self.saved = saved
        self.faults = FaultBook(world.seed)
        self.ledger = Ledger()
        self.robots = Robots()
        self.history: deque[Recorded] = deque(maxlen=HISTORY_SIZE)
        self._storefront = Storefront(world, saved, page_bytes)
        self._record(world.beginning)

    def sync(self) -> None:
        """Bring the world up to the clock. Call it before reading a truth or turning the clock."""
        self._record(self.world.advance_to(self.clock.now()))

    def set_truth(self, id_: str, wanted: WantedTruth) -> None:
        """Make this true of the product from this very moment."""
        change = self.world.set(id_, **wanted)
        self.history.append(Recorded(datetime.now(UTC), change))

    def _record(self, changes: list[Change]) -> None:
        self.history.extend(Recorded(self.clock.wall_at(c.t), c) for c in changes)

    async def answer(self, request: Request, send: Send) -> None:
        """Serve one request to a supplier."""
        self.sync()
        target = _target(request.path)
        visit = self.ledger.begin(
            method=request.method,
            path=request.target,
            source=target.source,
            id_=target.id,
            agent=request.headers.get("user-agent", ""),
            t=self.world.t,
        )
        body_bytes, reached = 0, False
        try:
            reply = await self._reply(request, target, visit)
            sent = await send(reply)
            body_bytes, reached = sent.body_bytes, sent.reached
        finally:
            visit.end(body_bytes, reached=reached)

    async def _reply(self, request: Request, target: _Target, visit: Visit) -> Reply:
        if target.route in {"product", "feed"} and not self.robots.allows(
            visit.entry.agent, request.path
        ):
            visit.violates_robots()
        fault = None
        if target.route is not None:
            fault = self.faults.strike(target.route, target.source, target.id)
        reply = await self._good_reply(request, target)
        if fault is not None:
            reply = await asyncio.to_thread(spoil, fault, reply, target.site)
        visit.answered(reply.status, fault.mode if fault else None)
        if reply.status == 429:
            self.ledger.forbid(target.source, float(dict(reply.headers).get("Retry-After", 0)))
        return reply

    async def _good_reply(self, request: Request, target: _Target) -> Reply:
        if request.method not in {"GET", "HEAD"}:
            return refusal(405, "suppliers are only read")
        if target.route == "product" and target.id is not None:
            return await self._storefront.product(target.site, target.id)
        if target.route == "feed":
            return self._storefront.feed(target.form, request.headers.get("if-none-match"))
        if target.route == "robots":
            return Reply(self.robots.status, self.robots.body.encode(), "text/plain")
        if target.site:
            return self._storefront.home(target.site)
        return refusal(404, "no supplier has this address")


def _target(path: str) -> _Target:
    if match := _PRODUCT.match(path):
        site = match["site"]
        return _Target(source_of(site), "product", site, match["asin"])
    if match := _FEED.match(path):
        return _Target("feed", "feed", form=match["form"])
    if path == "/robots.txt":
        return _Target("robots", "robots")
    if match := _HOME.match(path):
        return _Target(source_of(match["site"]), site=match["site"])
    return _Target("other")
