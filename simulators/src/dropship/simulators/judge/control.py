"""The judge's endpoints under ``/_sim``: nothing asked here is written in the ledger."""

from collections.abc import Callable

import msgspec

from dropship.simulators.judge.faults import Fault
from dropship.simulators.judge.orders import (
    ClockOrder,
    Rejected,
    RobotsOrder,
    TruthOrder,
    read,
    wanted_truth,
)
from dropship.simulators.judge.robots import Robots
from dropship.simulators.judge.views import history_view, product_view, saved_view
from dropship.simulators.pages.locales import SHOP_SITES
from dropship.simulators.shopify.front import Front
from dropship.simulators.shopify.judge.control import PREFIX, ShopControl
from dropship.simulators.simulator import Simulator
from dropship.simulators.wire.messages import Reply, Request, json_reply, refusal
from dropship.simulators.wire.server import Send
from dropship.simulators.world.catalogue import source_of

MAX_ENTRIES = 5_000
Endpoint = Callable[[Request], Reply]


class Control:
    """Answers the judge, and hands every other request to the suppliers and the shops."""

    def __init__(self, simulator: Simulator, front: Front) -> None:
        self._sim = simulator
        self._front = front
        self._shops = ShopControl(front.shops, simulator.world.seed, simulator.clock)
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            ("GET", "/health"): self._health,
            ("GET", "/_sim/ledger"): self._ledger,
            ("POST", "/_sim/ledger/reset"): self._reset_ledger,
            ("GET", "/_sim/faults"): self._list_faults,
            ("POST", "/_sim/faults"): self._order_fault,
            ("DELETE", "/_sim/faults"): self._clear_faults,
            ("GET", "/_sim/products"): self._list_products,
            ("GET", "/_sim/pages"): self._list_pages,
            ("GET", "/_sim/truth"): self._truth,
            ("GET", "/_sim/clock"): self._clock,
            ("POST", "/_sim/clock"): self._turn_clock,
            ("GET", "/_sim/robots"): self._show_robots,
            ("POST", "/_sim/robots"): self._set_robots,
            ("DELETE", "/_sim/robots"): self._reset_robots,
        }

    def sync(self) -> None:
        """Bring suppliers and shops up to the clock."""
        self._sim.sync()
        self._shops.sync()

    async def answer(self, request: Request, send: Send) -> None:
        path = request.path
        self._shops.sync()
        if path.startswith("/shopify/"):
            await self._front.answer(request, send)
            return
        if path != "/health" and not path.startswith("/_sim"):
            await self._sim.answer(request, send)
            return
        try:
            await send(self._dispatch(request, path.rstrip("/")))
        except Rejected as no:
            await send(refusal(no.status, no.error, no.field))

    def _dispatch(self, request: Request, path: str) -> Reply:
        self._sim.sync()
        if path.startswith(PREFIX):
            return self._shops.answer(request, path)
        prefix = "/_sim/products/"
        if path.startswith(prefix):
            return self._one_product(request, path.removeprefix(prefix))
        endpoint = self._endpoints.get((request.method, path))
        if endpoint is None:
            raise Rejected(404, f"there is no {request.method} {path}; the README lists what is")
        return endpoint(request)

    def _health(self, _request: Request) -> Reply:
        return json_reply({"status": "ok", "seed": self._sim.world.seed})

    def _ledger(self, request: Request) -> Reply:
        ledger = self._sim.ledger
        since, limit = _number(request, "since", 0), _number(request, "limit", 1_000)
        entries = ledger.since(since, min(limit, MAX_ENTRIES))
        return json_reply(
            {
                "total": ledger.total,
                "oldest": ledger.oldest,
                "next": entries[-1].n if entries else max(since, 0),
                "totals": ledger.totals(),
                "sources": ledger.sources,
                "shops": self._shops.summaries(),
                "entries": entries,
            }
        )

    def _reset_ledger(self, _request: Request) -> Reply:
        self._sim.ledger.reset()
        return json_reply({"total": 0})

    def _list_faults(self, _request: Request) -> Reply:
        return json_reply(self._sim.faults.armed)

    def _order_fault(self, request: Request) -> Reply:
        fault = read(request.body, Fault)
        known = {"feed", "robots", *map(source_of, SHOP_SITES)}
        if fault.source not in {None, *known}:
            raise Rejected(422, f"source is one of {', '.join(sorted(known))}", "source")
        return json_reply(self._sim.faults.order(fault), 201)

    def _clear_faults(self, _request: Request) -> Reply:
        return json_reply({"cleared": self._sim.faults.clear()})

    def _list_products(self, request: Request) -> Reply:
        world, base = self._sim.world, _base_url(request)
        views = [product_view(p, world.truths[p.id], base) for p in world.products.values()]
        if self._sim.saved is not None:
            products = [p for p in self._sim.saved.pages if p.page_kind == "product"]
            views.extend(saved_view(page, base) for page in products)
        supplier = request.query.get("supplier")
        return json_reply([v for v in views if supplier in {None, v["supplier"]}])

    def _list_pages(self, request: Request) -> Reply:
        pages = self._sim.saved.pages if self._sim.saved else []
        return json_reply([saved_view(page, _base_url(request)) for page in pages])

    def _one_product(self, request: Request, id_: str) -> Reply:
        product = self._sim.world.products.get(id_)
        if product is None:
            saved = self._sim.saved.pages if self._sim.saved else []
            if any(id_ in {page.id, page.page_id} for page in saved):
                raise Rejected(409, "a saved page is served as it is: it cannot be set", "id")
            raise Rejected(404, f"there is no product {id_}", "id")
        if request.method == "POST":
            order = read(request.body, TruthOrder)
            wanted = wanted_truth(order, product, self._sim.world.truths[id_])
            self._sim.set_truth(id_, wanted)
        elif request.method != "GET":
            raise Rejected(405, "a product is read by GET and set by POST")
        return json_reply(product_view(product, self._sim.world.truths[id_], _base_url(request)))

    def _truth(self, request: Request) -> Reply:
        products, id_ = self._sim.world.products, request.query.get("id")
        if id_ is not None and id_ not in products:
            raise Rejected(404, f"there is no product {id_}", "id")
        since = _number(request, "since_t", -1)
        lines = [
            history_view(recorded, products[recorded.change.id])
            for recorded in self._sim.history
            if id_ in {None, recorded.change.id} and recorded.change.t > since
        ]
        if request.query.get("format") == "ndjson":
            body = msgspec.json.Encoder().encode_lines(lines)
            return Reply(200, body, "application/x-ndjson")
        return json_reply(lines)

    def _clock(self, _request: Request) -> Reply:
        clock = self._sim.clock
        t = round(self._sim.world.t, 3)
        return json_reply({"t": t, "speed": clock.speed, "paused": clock.paused})

    def _turn_clock(self, request: Request) -> Reply:
        order, clock = read(request.body, ClockOrder), self._sim.clock
        if order == ClockOrder():
            raise Rejected(422, "say speed, pause or advance_s")
        if order.speed is not None:
            clock.set_speed(order.speed)
        if order.pause is not None:
            clock.pause(order.pause)
        if order.advance_s is not None:
            clock.advance(order.advance_s)
        self.sync()
        return self._clock(request)

    def _show_robots(self, _request: Request) -> Reply:
        robots = self._sim.robots
        return json_reply({"body": robots.body, "status": robots.status})

    def _set_robots(self, request: Request) -> Reply:
        order = read(request.body, RobotsOrder)
        self._sim.robots = Robots(order.body, order.status)
        return self._show_robots(request)

    def _reset_robots(self, request: Request) -> Reply:
        self._sim.robots = Robots()
        return self._show_robots(request)


def _base_url(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}"


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise Rejected(422, f"{name} is a whole number", name) from None
