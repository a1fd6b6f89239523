"""The demo's story, told by the command line and judged by the shop's own books and by the log."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dropship.contracts.catalogue import READER
from dropship.contracts.decisions import DecisionMade
from dropship.runtime.testing import eventually
from integration import log
from integration.log import Stored
from integration.running import Stack, spawn

SHOP = "demo"
CENT = Decimal("0.01")
RATE, FIXED = Decimal("0.029"), Decimal("0.30")
"""What the simulated shop charges: written down once more, on purpose."""


@dataclass(frozen=True)
class Tale:
    """A demo that has told its story and stays up."""

    stack: Stack
    summary: dict[str, Any]
    process: asyncio.subprocess.Process

    async def leaves(self) -> int:
        """Ctrl-C; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        return await asyncio.wait_for(self.process.wait(), 40)


@asynccontextmanager
async def beginning(home: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A demo on its way; it is stopped in the end, whatever happens."""
    where = ("--json", "--home", str(home))
    process = await spawn("demo", *where, *options, out=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 40)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told(process: asyncio.subprocess.Process, home: Path, within_s: float) -> Tale:
    """The tale when it has been told; what was written instead of it is the failure."""
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(within_s):
        while line := (await process.stdout.readline()).decode():
            said.append(line)
            if line.startswith("{"):
                return Tale(Stack(home), msgspec.json.decode(line), process)
    raise AssertionError(f"the demo has told nothing: {''.join(said)[-2000:]}")


class Books:
    """The simulated shop's side, read by the judge's door."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    async def world_stands_still(self) -> None:
        async with httpx.AsyncClient(base_url=self._stack.simulator, trust_env=False) as http:
            (await http.post("/_sim/clock", json={"pause": True})).raise_for_status()

    async def ledger(self) -> dict[str, Any]:
        async with httpx.AsyncClient(
            base_url=self._stack.simulator, trust_env=False, timeout=30
        ) as http:
            answer = await http.get(f"/_sim/shopify/{SHOP}/ledger")
            answer.raise_for_status()
            ledger: dict[str, Any] = answer.json()
            return ledger


async def everything_said(stack: Stack) -> list[Stored]:
    client = await stack.nats()
    try:
        return await log.said(client)
    finally:
        await client.close()


def written_at_a_loss(ledger: dict[str, Any], said: list[Stored]) -> list[str]:
    """Every price that reached the shop without a decision that allowed it, or that loses money."""
    decided: dict[str, list[DecisionMade]] = {}
    for one in log.of_type(said, DecisionMade):
        fact = READER.read(one.envelope)
        assert isinstance(fact, DecisionMade)
        decided.setdefault(fact.listing_id, []).append(fact)
    wrong = []
    for write in ledger["writes"]:
        if write["price"] is None or write["listing"] is None:
            continue
        price = Decimal(str(write["price"]))
        allowed = [
            fact
            for fact in decided.get(write["listing"], [])
            if fact.price is not None and Decimal(fact.price.amount) == price
        ]
        if not any(_pays(price, fact) for fact in allowed):
            wrong.append(f"{write} was allowed by none of {allowed}")
    return wrong


def _pays(price: Decimal, fact: DecisionMade) -> bool:
    if fact.floor is None or fact.cost is None or price < Decimal(fact.floor.amount):
        return False
    fees = (price * RATE).quantize(CENT, ROUND_HALF_EVEN) + FIXED
    return price - fees - Decimal(fact.cost.amount) >= 0


async def shop_differs(stack: Stack) -> list[str]:
    """Where the shop shows something else than what was decided last."""
    shown = {p["listing"]: p for p in (await Books(stack).ledger())["products"]}
    rows = await stack.sql(
        "SELECT id::text, status, sync, wanted_price_minor, wanted_quantity,"
        " wanted_holds <> '[]' OR own_holds <> '[]' FROM syncer.listings"
    )
    wrong = []
    for id_, status, sync, price_minor, quantity, held in rows:
        product = shown.get(id_)
        if product is None:
            if not held:
                wrong.append(f"{id_} is {status} and not there")
            continue
        variant = product["variants"][0]
        wanted = 0 if held else quantity
        there = int(variant["quantity"])
        if there != wanted and not 0 < there < wanted:
            wrong.append(f"{id_}: {there} are offered, {wanted} are wanted")
        if wanted and Decimal(str(variant["price"])) != Decimal(price_minor) / 100:
            wrong.append(f"{id_}: costs {variant['price']}, wanted is {price_minor} cents")
        if sync != "in_sync":
            wrong.append(f"{id_} is {sync}")
    return wrong


async def comes_to_rest(stack: Stack, within_s: float = 60) -> None:
    """The suppliers stand still, and in the end the shop is as it is wanted."""
    await Books(stack).world_stands_still()

    async def at_rest() -> bool:
        return await shop_differs(stack) == []

    try:
        await eventually(at_rest, within_s=within_s, what="a shop as it is wanted")
    except AssertionError as late:
        for line in await shop_differs(stack):
            late.add_note(line)
        raise
