"""One seller who lives through schedules, one after the other, in a store of its own."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
from nats.aio.client import Client

from dropship.runtime.testing import eventually
from integration.campaign.plan import COST_CENTS, PRODUCTS, Act, Plan
from integration.campaign.trouble import Killer, repeats_an_old_decision
from integration.campaign.verdict import Case, unrest, verdict
from integration.market import Market
from integration.running import Stack
from integration.shop import Shop
from integration.supplier import FEED, Supplier

REST_S = 90.0
"""How long a shop may take to be as it is wanted, once everything works again."""
MOMENT_S = 1.5
FOR_A_PERSON = frozenset({"breaker", "rejected", "drifted"})
"""Holds that only a person lifts, and that no plan has asked for."""


@dataclass(frozen=True)
class Lived:
    """What came of one schedule. `unanswered`: changes of the shop of which nobody was told."""

    plan: Plan
    writes: int
    unanswered: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        what = f"{len(self.plan.acts)} acts, {self.writes} writes, {self.unanswered} unanswered"
        return "\n".join(self.wrong) or f"seed {self.plan.seed}: {what}: all well"


@dataclass
class Lane:
    """A tenant with a store and a handful of products."""

    stack: Stack
    supplier: Supplier
    market: Market
    http: httpx.AsyncClient
    log: Client
    killer: Killer
    rows: dict[str, str] = field(default_factory=dict)
    """Product id → the supplier's id."""

    @classmethod
    async def opened(
        cls, stack: Stack, supplier: Supplier, log: Client, killer: Killer, number: int
    ) -> "Lane":
        """Sign up, connect a store, import the products."""
        shop = await Shop.opened(stack.gateway)
        market = Market(shop, supplier, f"lane-{number}")
        await market.opened()
        http = httpx.AsyncClient(base_url=supplier.url, timeout=15, trust_env=False)
        lane = cls(stack, supplier, market, http, log, killer)
        for row in await supplier.take(FEED, PRODUCTS):
            lane.rows[await shop.has_imported(FEED, row["id"])] = row["id"]
        return lane

    async def close(self) -> None:
        await self.market.close()
        await self.market.shop.close()
        await self.http.aclose()

    async def lives(self, plan: Plan) -> Lived:
        """Live through one schedule."""
        life = Life(self, plan)
        wrong = await life.lives()
        return Lived(plan, life.case.writes, life.case.unanswered, tuple(wrong))

    async def faulty(self, fault: dict[str, Any]) -> None:
        await self.market.orders_of_judge(f"{self.market.account}/faults", fault)

    async def behaves(self) -> None:
        answer = await self.http.delete(f"/_sim/shopify/{self.market.account}/faults")
        assert answer.is_success, answer.text

    async def calls(self) -> int:
        return int((await self.market.ledger())["calls"])


@dataclass
class Life:
    """One schedule in one lane."""

    lane: Lane
    plan: Plan
    case: Case = field(init=False)
    wishes: int = 0

    def __post_init__(self) -> None:
        self.case = Case(self.lane.stack, self.lane.market)

    async def lives(self) -> list[str]:
        """Everything that was wrong, in this schedule or with its end."""
        try:
            await self._begins()
            for act in self.plan.acts:
                await self._a_moment(act.after_calls)
                await self._happens(act)
            await self._calms()
            wrong = await verdict(self.case)
        except (AssertionError, httpx.HTTPError) as error:
            wrong = [repr(error), *getattr(error, "__notes__", ())]
        await self.lane.behaves()
        wrong += await self._everything_ends()
        return [f"seed {self.plan.seed}: {line}" for line in wrong]

    async def _begins(self) -> None:
        self.case.since = await self.lane.market.last_write()
        for row in self.lane.rows.values():
            price = f"{COST_CENTS / 100:.2f}"
            await self.lane.supplier.sets(row, price=price, quantity=40)
        for fault in self.plan.faults:
            await self.lane.faulty(fault)
        for product_id in self.lane.rows:
            await self._lists(product_id)

    async def _a_moment(self, calls: int) -> None:
        """Let the shop be called so many times; not for long, for perhaps nobody calls."""
        wanted = await self.lane.calls() + calls

        async def called() -> bool:
            return await self.lane.calls() >= wanted

        with contextlib.suppress(AssertionError):
            await eventually(called, within_s=MOMENT_S)

    async def _happens(self, act: Act) -> None:
        product_id = list(self.lane.rows)[act.which]
        match act.kind:
            case "price":
                await self.lane.supplier.sets(self.lane.rows[product_id], price=act.value)
            case "stock":
                await self.lane.supplier.sets(self.lane.rows[product_id], quantity=int(act.value))
            case "list":
                await self._lists(product_id)
            case "kill":
                await self.lane.killer.strikes(act.value)
            case "repeat":
                await repeats_an_old_decision(self.lane.stack, self.lane.log, self.case.listings)
            case "buy":
                await self._buys(product_id)
            case "pause" | "resume" | "end":
                await self._wishes(act.kind, product_id)

    async def _lists(self, product_id: str) -> None:
        self.wishes += 1
        key = f"campaign-{self.plan.seed}-{self.lane.market.account}-{self.wishes}"
        body = {"store_id": self.lane.market.store_id, "product_id": product_id}
        answer = await self._insists("POST", "/v1/listings", key, json=body)
        assert answer.status_code in {201, 409}, answer.text
        if answer.status_code == 201:
            self.case.listings[str(answer.json()["id"])] = product_id

    async def _wishes(self, wish: str, product_id: str) -> None:
        """What a person does with the newest listing of a product."""
        mine = [id_ for id_, product in self.case.listings.items() if product == product_id]
        if not mine:
            return
        id_ = mine[-1]
        self.wishes += 1
        key = f"campaign-{self.plan.seed}-{self.lane.market.account}-{self.wishes}"
        answer = await self._is_wished(wish, id_, key)
        assert answer.status_code in {200, 409}, answer.text

    async def _is_wished(self, wish: str, id_: str, key: str) -> httpx.Response:
        if wish == "end":
            return await self._insists("DELETE", f"/v1/listings/{id_}", key)
        return await self._insists("POST", f"/v1/listings/{id_}/{wish}", key)

    async def _insists(self, method: str, path: str, key: str, **given: Any) -> httpx.Response:
        """Ask until the owner has answered, whoever is dead meanwhile."""

        async def answered() -> httpx.Response | None:
            try:
                answer = await self.lane.market.shop.asks(
                    method, path, headers={"idempotency-key": key}, **given
                )
            except httpx.TransportError:
                return None
            return None if answer.status_code in {429, 500, 503} else answer

        found = await eventually(answered, within_s=40, what=f"an answer to {method} {path}")
        assert found is not None
        return found

    async def _buys(self, product_id: str) -> None:
        """Somebody buys one, if there is one to buy."""
        account = self.lane.market.account
        for id_ in (x for x, product in self.case.listings.items() if product == product_id):
            order = {"listing": id_}
            answer = await self.lane.http.post(f"/_sim/shopify/{account}/orders", json=order)
            assert answer.status_code in {201, 409}, answer.text
            if answer.status_code == 201:
                self.case.sold.add(id_)

    async def _calms(self) -> None:
        """Nothing goes wrong any more, and a person lifts what waits for a person."""
        await self.lane.behaves()
        self.case.truth = {
            product_id: await self.lane.supplier.shown(row)
            for product_id, row in self.lane.rows.items()
        }

        async def at_rest() -> bool:
            await self._minds()
            return await unrest(self.case) == []

        try:
            await eventually(
                at_rest, within_s=REST_S, what=f"seed {self.plan.seed}: a shop at rest"
            )
        except AssertionError as late:
            for line in await unrest(self.case):
                late.add_note(line)
            raise

    async def _minds(self) -> None:
        store = await self.lane.market.shop.shows(f"/v1/stores/{self.lane.market.store_id}")
        if store["status"] == "suspended":
            path = f"/v1/stores/{self.lane.market.store_id}"
            await self.lane.market.shop.asks("PATCH", path, json={"resume": True})
        for id_ in self.case.listings:
            listing = await self.lane.market.listing(id_)
            waits = FOR_A_PERSON.intersection(listing["holds"])
            if waits and listing["status"] not in {"Ended", "Delisted"}:
                await self.lane.market.shop.asks("POST", f"/v1/listings/{id_}/resume")

    async def _everything_ends(self) -> list[str]:
        """Whatever is left is ended, so that the next schedule finds an empty shop."""
        for id_ in self.case.listings:
            await self._is_wished("end", id_, f"end-{id_}")

        async def is_empty() -> bool:
            return await self.case.left() == []

        with contextlib.suppress(AssertionError):
            await eventually(is_empty, within_s=REST_S)
        return [f"at the end {left}" for left in await self.case.left()]


async def in_turns(lanes: list[Lane], plans: Iterable[Plan], done: Callable[[Lived], None]) -> None:
    """All schedules, each lane taking the next one as soon as it is free."""
    waiting = iter(plans)

    async def work(lane: Lane) -> None:
        for plan in waiting:
            done(await lane.lives(plan))

    await asyncio.gather(*(work(lane) for lane in lanes))
