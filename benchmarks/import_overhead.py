"""How much time an import takes besides the supplier's own answer, and where that time goes.

    uv run python benchmarks/import_overhead.py [--rounds 5] [--imports 100] [--at-once 4]

A whole stack of its own imports simulated pages, first one after the other, then several at once.
From sending the POST to the first answer of GET /v1/jobs/{id} that says SUCCESS, minus the time the
supplier took by its own ledger. The job is asked for only once its end has gone by on the log and
stands in its row, so that the measurement does not load the gateway with polls meanwhile.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import islice, pairwise
from typing import Any, NamedTuple

import psycopg
from measuring.cpu import Meter
from measuring.figures import SPREAD_HEAD, spread_ms
from measuring.hops import Hops, listening
from measuring.http import Connection
from measuring.stack import Stack, running_stack, running_suppliers

WARM_UP = 20
AIM_P50_MS, AIM_P99_MS = 50, 200
POLL_S = 0.001
STATIONS = (
    ("POST → ImportRequested on the log", "gateway: request, commit, relay"),
    ("→ ScrapeProduct on the log", "tracker: hears, commits, relays"),
    ("→ command taken up", "scraper: pulls, begins its claim"),
    ("→ supplier is asked", "scraper: claim, turn, connection"),
    ("→ supplier has answered", "the supplier's own time"),
    ("→ OfferObserved begun", "scraper: receives and reads the page"),
    ("→ OfferObserved on the log", "scraper: commits, relays"),
    ("→ ImportCompleted on the log", "tracker: hears, commits, relays"),
    ("→ job says SUCCESS", "gateway: hears, commits, answers"),
)


Wanted = dict[str, Any]
Database = psycopg.AsyncConnection[Any]


class Import(NamedTuple):
    """One import: when each station was reached, in epoch seconds."""

    job_id: str
    external_id: str
    sent: float
    accepted: float
    seen: float
    status: str


class Visit(NamedTuple):
    """One request that the supplier served."""

    at: float
    duration_s: float


class Importer:
    """A tenant of a stack that imports, and an outsider who watches how it goes."""

    def __init__(self, stack: Stack, hops: Hops, database: Database) -> None:
        self.stack, self.hops = stack, hops
        self._gateway = stack["gateway"]["url"]
        self._database = database
        self._token = ""

    async def sign_up(self) -> None:
        connection = await Connection.to(self._gateway)
        person = {"email": "bench@example.com", "password": "a long benchmark passphrase"}
        status, answer = await connection.ask("POST", "/v1/auth/signup", person)
        connection.close()
        assert status == 201, answer
        self._token = answer["access_token"]

    async def all(self, wanted: Sequence[Wanted], at_once: int) -> list[Import]:
        """Import everything, `at_once` in flight, each on a connection of its own."""
        left = iter(wanted)
        done: list[Import] = []

        async def lane() -> None:
            connection = await Connection.to(self._gateway, self._token)
            done.extend([await self._one(connection, p["supplier"], p["id"]) for p in left])
            connection.close()

        await asyncio.gather(*(lane() for _ in range(at_once)))
        return done

    async def _one(self, connection: Connection, supplier: str, id_: str) -> Import:
        sent = time.time()
        status, answer = await connection.ask(
            "POST", f"/v1/products/import?supplier={supplier}&id={id_}"
        )
        accepted = time.time()
        assert status == 202, answer
        job_id = answer["job_id"]
        await self.hops.ended(job_id)
        while not await self._is_folded(job_id):  # noqa: ASYNC110 - a row tells nobody
            await asyncio.sleep(POLL_S)
        _, job = await connection.ask("GET", f"/v1/jobs/{job_id}")
        return Import(job_id, id_, sent, accepted, time.time(), job["status"])

    async def _is_folded(self, job_id: str) -> bool:
        cursor = await self._database.execute(
            "SELECT completed_at IS NOT NULL FROM gateway.jobs WHERE id = %s", (job_id,)
        )
        row = await cursor.fetchone()
        return bool(row and row[0])


async def visits(suppliers: str) -> dict[str, list[Visit]]:
    """The supplier's ledger by product."""
    connection = await Connection.to(suppliers)
    _, ledger = await connection.ask("GET", "/_sim/ledger?limit=5000")
    connection.close()
    found: dict[str, list[Visit]] = {}
    for entry in ledger["entries"]:
        if entry["id"] and entry["duration_s"] is not None:
            at = datetime.fromisoformat(entry["at"]).timestamp()
            found.setdefault(entry["id"], []).append(Visit(at, entry["duration_s"]))
    return found


def stations(one: Import, hops: Hops, visit: Visit) -> list[float]:
    """When each station was reached, in the order of STATIONS, with the sending before them."""
    on, said = hops.on[one.job_id], hops.said[one.job_id]
    return [
        one.sent,
        on["ImportRequested"],
        on["ScrapeProduct"],
        said["WorkStarted"],
        visit.at,
        visit.at + visit.duration_s,
        said["OfferObserved"],
        on["OfferObserved"],
        on["ImportCompleted"],
        one.seen,
    ]


class Round(NamedTuple):
    """One round of imports, measured."""

    done: list[Import]
    routes: list[list[float]]
    overheads: list[float]
    took_s: float
    used: dict[str, float]
    others: float


async def one_round(
    importer: Importer, suppliers: str, wanted: Sequence[Wanted], at_once: int
) -> Round:
    meter, started = Meter(importer.stack), time.perf_counter()
    done = await importer.all(wanted, at_once)
    took_s = time.perf_counter() - started
    used, others = meter.read()
    ledger = await visits(suppliers)
    routes: list[list[float]] = []
    overheads: list[float] = []
    for one in done:
        if one.status == "SUCCESS":
            visit = next(v for v in ledger[one.external_id] if one.sent <= v.at <= one.seen)
            routes.append(stations(one, importer.hops, visit))
            overheads.append(one.seen - one.sent - visit.duration_s)
    return Round(done, routes, overheads, took_s, used, others)


def report(title: str, rounds: Sequence[Round]) -> None:
    """Every round in a line, and the way of the imports in the least disturbed one."""
    print(f"\n{title}: OVERHEAD above the supplier, aims p50 {AIM_P50_MS} ms, p99 {AIM_P99_MS} ms")
    print(f"{'':<36}{SPREAD_HEAD}")
    for number, one in enumerate(rounds, 1):
        name = f"round {number}: {len(one.overheads)} of {len(one.done)} succeeded"
        rate = f"{len(one.done) / one.took_s:.0f}/s, others use {one.others:.0%} of this machine"
        print(f"{name:<36}{spread_ms(one.overheads)}   {rate}")
    best = min(rounds, key=lambda one: one.others)
    print(f"where it goes, in round {rounds.index(best) + 1}:")
    print(f"{'POST → 202':<36}{spread_ms([one.accepted - one.sent for one in best.done])}")
    for number, (name, what) in enumerate(STATIONS):
        steps = [list(pairwise(route))[number] for route in best.routes]
        print(f"{name:<36}{spread_ms([end - start for start, end in steps])}   {what}")
    each = [f"{name} {s * 1000 / len(best.done):.1f}" for name, s in best.used.items()]
    total = sum(best.used.values()) * 1000 / len(best.done)
    print(f"CPU ms per import, {total:.0f} in all: {', '.join(each)}")


async def shop_products(suppliers: str) -> list[Wanted]:
    """All pages of the simulated shops; their world stands still from now on."""
    connection = await Connection.to(suppliers)
    await connection.ask("POST", "/_sim/clock", {"pause": True})
    _, listed = await connection.ask("GET", "/_sim/products")
    connection.close()
    return [product for product in listed if product["supplier"] != "feed"]


async def run(given: Any) -> None:
    products = WARM_UP + 2 * given.rounds * given.imports
    async with running_suppliers(f"--products={products}", f"--page-kb={given.page_kb}") as address:
        wanted = iter(await shop_products(address))
        settings = {
            "DROPSHIP_DEVELOPMENT": "true",
            "DROPSHIP_AMAZON_BASE_URL": f"{address}/amazon/{{site}}",
            "DROPSHIP_AMAZON_LOOKS_PER_MINUTE": "600000",
        }
        async with (
            running_stack(settings) as stack,
            listening(stack["nats"]) as hops,
            await Database.connect(stack["postgres"]["dsn"], autocommit=True) as database,
        ):
            importer = Importer(stack, hops, database)
            await importer.sign_up()
            await importer.all(list(islice(wanted, WARM_UP)), given.at_once)
            for title, lanes in (
                ("one after the other", 1),
                (f"{given.at_once} at once", given.at_once),
            ):
                rounds = [
                    await one_round(importer, address, list(islice(wanted, given.imports)), lanes)
                    for _ in range(given.rounds)
                ]
                report(title, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    parser.add_argument("--imports", type=int, default=100, help="in each round")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--page-kb", type=int, default=60)
    asyncio.run(run(parser.parse_args()))
