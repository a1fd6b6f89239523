"""``kill -9`` on one program after another while two shops import, and how long each was missed."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from dropship.runtime.testing import eventually
from integration.running import Stack, strike
from integration.shop import Shop
from integration.supplier import FEED, Supplier

VICTIMS = {
    "scraper": "amazon-de",
    "tracker": "amazon-fr",
    "gateway": "amazon-it",
    "nats": "amazon-es",
    "postgres": "amazon-co-uk",
}
"""Who is killed, and where products are bought meanwhile."""

PRODUCTS_EACH = 2
"""There and from the feed, for either shop, while one victim is struck: 40 imports in all."""
PARTITIONS = 16
SLOW_S = 0.8
LEADERS = {"tracker": ("EVENTS", "OBSERVATIONS"), "gateway": ("EVENTS",), "scraper": ("EVENTS",)}
STORES = frozenset({"nats", "postgres"})
_LED = re.compile(r'^dropship_leases_led\{stream="(\w+)"\} (\S+)$', re.MULTILINE)
_IN_HAND = re.compile(r"^dropship_working_in_flight\{.*\} (\S+)$", re.MULTILINE)


@dataclass
class Recovery:
    """Seconds from a kill until all partitions were led again, the program was back and ready, a
    shop that came after the kill had its product, and everybody in the rush had theirs."""

    victim: str
    led_s: float
    ready_s: float
    next_s: float
    rush_s: float = 0.0

    def __str__(self) -> str:
        times = (self.led_s, self.ready_s, self.next_s, self.rush_s)
        return f"{self.victim:<10}" + "".join(f"{seconds:18.1f}" for seconds in times)


COLUMNS = ("led again [s]", "back again [s]", "next import [s]", "whole rush [s]")
HEADING = f"{'kill -9':<10}" + "".join(f"{column:>18}" for column in COLUMNS)


@dataclass
class Run:
    """What was asked and acknowledged, and how every program came back."""

    stack: Stack
    shops: Sequence[Shop]
    supplier: Supplier
    acknowledged: dict[str, Shop] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    recoveries: list[Recovery] = field(default_factory=list)

    async def strikes_all(self) -> None:
        """Kill every victim in turn, then wait for the end of every import."""
        known = await self.supplier.take("amazon-com", len(VICTIMS))
        ids = [await self.shops[0].has_imported("amazon-com", one["id"]) for one in known]
        rushes = []
        for number, (victim, source) in enumerate(VICTIMS.items()):
            price = f"{30 + number}.95"
            await self.supplier.sets(known[number]["id"], price=price)
            self.moved[ids[number]] = price
            rushes.append(await self._strikes(victim, source))
        for recovery, rush in zip(self.recoveries, rushes, strict=True):
            recovery.rush_s = await rush

    async def _strikes(self, victim: str, source: str) -> asyncio.Task[float]:
        """Strike in the middle of a rush; on return the program is back and serves."""
        wanted = [
            (name, str(product["id"]))
            for name in (source, FEED)
            for product in await self.supplier.take(name, PRODUCTS_EACH)
        ]
        late = await self.supplier.take_one(FEED)
        await eventually(self.shared_evenly, within_s=20, what="a fair share for every replica")
        for _, id_ in wanted:
            await self.supplier.misbehaves("slow", id=id_, count=1, delay_s=SLOW_S)
        rush = [
            asyncio.create_task(self._asks(shop, name, id_))
            for name, id_ in wanted
            for shop in self.shops
        ]
        await asyncio.wait(rush, return_when=asyncio.FIRST_COMPLETED)
        name = await self._in_the_middle(victim)
        pid = self.stack.pids()[name]
        strike(pid)
        began = asyncio.get_running_loop().time()
        served = asyncio.create_task(self._all_end(rush, began))
        led_s, ready_s, next_s = await asyncio.gather(
            self._led_again(name, pid, began),
            self._back_again(name, pid, began),
            self._serves(late, began),
        )
        self.recoveries.append(Recovery(victim, led_s, ready_s, next_s))
        return served

    async def _in_the_middle(self, victim: str) -> str:
        """The replica to strike: of those who do work, one that has some in hand."""
        if victim in STORES:
            return victim
        if victim != "scraper":
            return f"{victim}/0"

        async def busy() -> str:
            for number, replica in enumerate(self.stack.now()["services"][victim]):
                if any(float(count) > 0 for (count,) in await _metrics(replica, _IN_HAND)):
                    return f"{victim}/{number}"
            return ""

        return await eventually(busy, within_s=5, what="somebody with work in hand")

    async def _all_end(self, rush: Sequence[asyncio.Task[str]], began: float) -> float:
        jobs = await asyncio.gather(*rush)
        await asyncio.gather(*(self.acknowledged[id_].ended(id_, within_s=75) for id_ in jobs))
        return _since(began)

    async def _asks(self, shop: Shop, source: str, id_: str) -> str:
        job_id = await shop.insists(source, id_, key=f"{source}-{id_}")
        self.acknowledged[job_id] = shop
        return job_id

    async def _serves(self, id_: str, began: float) -> float:
        """A shop that comes right after the kill gets its product."""
        shop = self.shops[-1]
        job = await shop.ended(await self._asks(shop, FEED, id_), within_s=60)
        assert job["status"] == "SUCCESS", job
        return _since(began)

    async def _back_again(self, victim: str, pid: int, began: float) -> float:
        back = partial(self.stack.is_back, victim, pid)
        await eventually(back, within_s=40, what=f"the return of {victim}")
        return _since(began)

    async def _led_again(self, victim: str, pid: int, began: float) -> float:
        """The last moment at which somebody was missing at the head of a partition."""
        missing_s = 0.0

        async def back_and_led() -> bool:
            nonlocal missing_s
            led = await self._all_led(pid)
            if not led:
                missing_s = _since(began)
            return led and await self.stack.is_back(victim, pid)

        await eventually(back_and_led, within_s=40, what=f"leaders after the end of {victim}")
        return missing_s

    async def _all_led(self, dead: int) -> bool:
        """Whether the living lead every partition of every stream they hear."""
        for service, streams in LEADERS.items():
            shares = await self._shares(service, dead)
            if any(sum(share[stream] for share in shares) < PARTITIONS for stream in streams):
                return False
        return True

    async def shared_evenly(self) -> bool:
        """Whether every replica leads as much as its equals."""
        for service, streams in LEADERS.items():
            shares = await self._shares(service)
            fair = PARTITIONS / len(shares)
            if any(share[stream] != fair for share in shares for stream in streams):
                return False
        return True

    async def _shares(self, service: str, dead: int = 0) -> list[dict[str, float]]:
        """How many partitions each replica leads, by stream."""
        nothing = dict.fromkeys(LEADERS[service], 0.0)
        return [
            nothing | {stream: float(count) for stream, count in await _metrics(replica, _LED)}
            for replica in self.stack.now()["services"][service]
            if replica["pid"] != dead
        ]


async def _metrics(replica: dict[str, Any], pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    try:
        text = (await _get(replica["metrics_url"])).text
    except httpx.TransportError:
        return []
    return [found.groups() for found in pattern.finditer(text)]


async def _get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        return await client.get(url)


def _since(began: float) -> float:
    return asyncio.get_running_loop().time() - began
