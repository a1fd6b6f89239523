"""How long from a supplier's change being seen until the marketplace is called about it.

    uv run python benchmarks/change_to_call.py [--rounds 3] [--changes 40] [--listings 8]

A whole stack of its own sells in the simulated shop. One supplier price after another is raised;
the clock runs from the moment the reading stands on the log until the shop's own ledger says that
the call arrived. In between: tracker concludes, policy decides, syncer intends and calls.
"""

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from measuring.cpu import Meter
from measuring.figures import SPREAD_HEAD, spread_ms
from measuring.http import Connection
from measuring.stack import running_stack, running_suppliers
from nats.aio.msg import Msg

from dropship.contracts.decisions import DecisionMade
from dropship.contracts.envelope import open_envelope
from dropship.contracts.listings import BringListing
from dropship.contracts.offers import OfferObserved
from dropship.contracts.products import PriceChanged
from dropship.runtime.bus import connected_client
from dropship.runtime.testing import eventually

AIM_P50_MS = 100
SHOP, CLIENT, SECRET = "bench", "the-client", "the-secret-of-the-client"
RULES = {
    "price": {"basis": "margin_on_price", "value": "0.20"},
    "pause": {"resume_after_s": 0, "third_party_ok": True},
}
STATIONS = (
    ("reading on the log → PriceChanged", "tracker: hears, commits, relays"),
    ("→ DecisionMade", "policy: hears, decides, commits, relays"),
    ("→ BringListing", "syncer: hears, commits, relays"),
    ("→ the shop is called", "syncer: claims, intends, calls"),
)
HEARD = {
    kind.wire_type(): kind for kind in (OfferObserved, PriceChanged, DecisionMade, BringListing)
}


class Followed(NamedTuple):
    """One change: when each station was reached, in epoch seconds, the reading first."""

    stations: list[float]

    @property
    def took_s(self) -> float:
        return self.stations[-1] - self.stations[0]


class Ear:
    """When each fact about a product, or order about a listing, last went by."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str], float] = {}
        self.wanted: dict[str, str] = {}

    async def heard(self, message: Msg) -> None:
        now = time.time()
        envelope = open_envelope(message.data)
        kind = HEARD.get(envelope.type)
        if kind is None:
            return
        said: Any = msgspec.json.decode(envelope.data, type=kind)
        about = said.listing_id if isinstance(said, BringListing) else said.product_id
        if isinstance(said, OfferObserved) and (
            said.price is None or said.price.amount != self.wanted.get(about)
        ):
            return
        self.at.setdefault((kind.__name__, about), now)


@asynccontextmanager
async def listening(nats: dict[str, Any]) -> AsyncIterator[Ear]:
    client = await connected_client(nats["url"], nats["user"], nats["password"], "benchmark")
    ear = Ear()
    try:
        for subject in ("obs.>", "evt.*.price.changed", "evt.*.decision.made", "work.syncer.>"):
            await client.subscribe(subject, cb=ear.heard)
        await client.flush()
        yield ear
    finally:
        await client.close()


class Seller:
    """A tenant with a live store and some listings on sale."""

    def __init__(self, gateway: Connection, suppliers: Connection) -> None:
        self._gateway, self._suppliers = gateway, suppliers
        self.listings: dict[str, dict[str, Any]] = {}

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        status, answer = await self._gateway.ask(method, path, body)
        assert status < 300, answer
        return answer

    async def open(self, count: int) -> None:
        person = {"email": "bench@example.com", "password": "a long benchmark passphrase"}
        self._gateway.token = (await self.ask("POST", "/v1/auth/signup", person))["access_token"]
        secrets = {"client_id": CLIENT, "client_secret": SECRET}
        bucket = {"max": 1_000_000, "restore_per_s": 1_000_000}
        shop = {"shop": SHOP, "currency": "USD", "bucket": bucket, **secrets}
        status, answer = await self._suppliers.ask("POST", "/_sim/shopify/shops", shop)
        assert status < 300, answer
        store = {"marketplace": "shopify", "account": SHOP, "name": SHOP, **secrets}
        store_id = (await self.ask("POST", "/v1/stores", store))["id"]

        async def connected() -> bool:
            found = await self.ask("GET", f"/v1/stores/{store_id}")
            return bool(found["status"] == "connected")

        await eventually(connected, within_s=30)
        await self.ask("PATCH", f"/v1/stores/{store_id}", {"mode": "live"})
        await self.ask("POST", "/v1/policies", {"name": "bench", "rules": RULES})
        await self._suppliers.ask("POST", "/_sim/clock", {"pause": True})
        _, offered = await self._suppliers.ask("GET", "/_sim/products?supplier=amazon-com")
        for product in offered[:count]:
            await self._sell(store_id, product["id"])

    async def _sell(self, store_id: str, id_: str) -> None:
        await self.reprice(id_, "20.00")
        job = await self.ask("POST", f"/v1/products/import?supplier=amazon-com&id={id_}")
        ended: dict[str, Any] = {}

        async def done() -> bool:
            ended.update(await self.ask("GET", f"/v1/jobs/{job['job_id']}"))
            return bool(ended["status"] == "SUCCESS")

        await eventually(done, within_s=30)
        product_id = ended["result"]["product_id"]
        body = {"store_id": store_id, "product_id": product_id}

        async def listed() -> str:
            status, answer = await self._gateway.ask("POST", "/v1/listings", body)
            return str(answer["id"]) if status < 300 else ""

        listing_id = await eventually(listed, within_s=30)

        async def active() -> bool:
            found = await self.ask("GET", f"/v1/listings/{listing_id}")
            return bool(found["status"] == "Active" and found["sync"] == "in_sync")

        await eventually(active, within_s=30)
        self.listings[listing_id] = {"product_id": product_id, "external_id": id_}

    async def reprice(self, id_: str, amount: str) -> None:
        truth = {"price": amount, "quantity": 50}
        status, answer = await self._suppliers.ask("POST", f"/_sim/products/{id_}", truth)
        assert status < 300, answer

    async def priced_at(self, listing_id: str, after: float) -> float | None:
        """When the shop was first called about a price of this listing after that moment."""
        _, ledger = await self._suppliers.ask("GET", f"/_sim/shopify/{SHOP}/ledger")
        for write in ledger["writes"]:
            at = datetime.fromisoformat(write["at"]).timestamp()
            if write["listing"] == listing_id and write["price"] is not None and at > after:
                return at
        return None


async def follow(seller: Seller, ear: Ear, listing_id: str, amount: str) -> Followed:
    """Raise one price and wait until the shop was called about it."""
    one = seller.listings[listing_id]
    product_id = one["product_id"]
    for name in ("OfferObserved", "PriceChanged", "DecisionMade"):
        ear.at.pop((name, product_id), None)
    ear.at.pop(("BringListing", listing_id), None)
    ear.wanted[product_id] = amount
    began = time.time()
    await seller.reprice(one["external_id"], amount)

    async def called() -> float | None:
        return await seller.priced_at(listing_id, began)

    called_at = await eventually(called, within_s=20)
    assert called_at is not None
    facts = [ear.at[name, product_id] for name in ("OfferObserved", "PriceChanged", "DecisionMade")]
    return Followed([*facts, ear.at["BringListing", listing_id], called_at])


def report(rounds: Sequence[tuple[list[Followed], float, dict[str, float]]]) -> None:
    print(f"\nfrom the reading on the log to the call, aim p50 {AIM_P50_MS} ms")
    print(f"{'':<38}{SPREAD_HEAD}")
    for number, (done, others, _) in enumerate(rounds, 1):
        spread = spread_ms([one.took_s for one in done])
        print(f"{f'round {number}: {len(done)} changes':<38}{spread}   others use {others:.0%}")
    done, _, used = min(rounds, key=lambda one: one[1])
    for number, (name, what) in enumerate(STATIONS):
        steps = [list(pairwise(one.stations))[number] for one in done]
        print(f"{name:<38}{spread_ms([end - start for start, end in steps])}   {what}")
    each = [f"{name} {s * 1000 / len(done):.1f}" for name, s in used.items()]
    print(f"CPU ms per change, the checks that found nothing included: {', '.join(each)}")


async def run(given: Any) -> None:
    async with running_suppliers("--products=60") as address:
        settings = {
            "DROPSHIP_DEVELOPMENT": "true",
            "DROPSHIP_AMAZON_BASE_URL": f"{address}/amazon/{{site}}",
            "DROPSHIP_AMAZON_LOOKS_PER_MINUTE": "600000",
            "DROPSHIP_SHOPIFY_BASE_URL": f"{address}/shopify/{{shop}}",
            "DROPSHIP_CHECK_EVERY_S": "1",
        }
        async with running_stack(settings) as stack, listening(stack["nats"]) as ear:
            gateway = await Connection.to(stack["gateway"]["url"])
            seller = Seller(gateway, await Connection.to(address))
            await seller.open(given.listings)
            dice, rounds = random.Random(str(uuid4())), []
            cents = 2000
            for _ in range(given.rounds):
                meter, done = Meter(stack), []
                for _ in range(given.changes):
                    cents += 3
                    amount = str((Decimal(cents) / 100).quantize(Decimal("0.01")))
                    listing_id = dice.choice(sorted(seller.listings))
                    done.append(await follow(seller, ear, listing_id, amount))
                used, others = meter.read()
                rounds.append((done, others, used))
            report(rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changes", type=int, default=40, help="in each round")
    parser.add_argument("--listings", type=int, default=8)
    asyncio.run(run(parser.parse_args()))
