"""How much time an import takes besides the supplier's own answer, and where that time goes.

    uv run python benchmarks/import_overhead.py [--imports 200] [--at-once 4]

A whole stack of its own imports simulated pages, first one after the other, then several at once.
From sending the POST to the first answer of GET /v1/jobs/{id} that says SUCCESS, minus the time the
supplier took by its own ledger. The job is asked for only once its end has gone by on the log, so
that the measurement does not load the gateway with polls while the import is on its way.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from measuring.cpu import cpu_seconds, spent_between
from measuring.figures import SPREAD_HEAD, spread_ms
from measuring.hops import Hops, listening
from measuring.http import Connection
from measuring.stack import Stack, running_stack, running_suppliers

WARM_UP = 20
AIMS_MS = {"p50": 50, "p99": 200}
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


async def signed_up(gateway: str) -> str:
    """The access token of a new tenant."""
    connection = await Connection.to(gateway)
    person = {"email": "bench@example.com", "password": "a long benchmark passphrase"}
    status, answer = await connection.ask("POST", "/v1/auth/signup", person)
    connection.close()
    assert status == 201, answer
    return str(answer["access_token"])


async def one_import(connection: Connection, hops: Hops, supplier: str, id_: str) -> Import:
    sent = time.time()
    status, answer = await connection.ask(
        "POST", f"/v1/products/import?supplier={supplier}&id={id_}"
    )
    accepted = time.time()
    assert status == 202, answer
    job_id = answer["job_id"]
    await hops.ended(job_id)
    while True:
        _, job = await connection.ask("GET", f"/v1/jobs/{job_id}")
        if job["status"] not in ("PENDING", "RUNNING"):
            return Import(job_id, id_, sent, accepted, time.time(), job["status"])
        await asyncio.sleep(POLL_S)


async def import_all(
    stack: Stack, token: str, hops: Hops, wanted: Sequence[dict[str, Any]], at_once: int
) -> list[Import]:
    """Import everything, `at_once` in flight, each on a connection of its own."""
    left = iter(wanted)
    done: list[Import] = []

    async def lane() -> None:
        connection = await Connection.to(stack["gateway"]["url"], token)
        for product in left:
            done.append(await one_import(connection, hops, product["supplier"], product["id"]))
        connection.close()

    await asyncio.gather(*(lane() for _ in range(at_once)))
    return done


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


def report(
    title: str, done: Sequence[Import], hops: Hops, ledger: dict[str, list[Visit]], took_s: float
) -> None:
    succeeded = [one for one in done if one.status == "SUCCESS"]
    routes: list[list[float]] = []
    overheads: list[float] = []
    for one in succeeded:
        visit = next(v for v in ledger[one.external_id] if one.sent <= v.at <= one.seen)
        routes.append(stations(one, hops, visit))
        overheads.append(one.seen - one.sent - visit.duration_s)
    print(f"\n{title}: {len(succeeded)} of {len(done)} succeeded, {len(done) / took_s:.0f}/s")
    print(f"{'':<36}{SPREAD_HEAD}")
    print(f"{'total':<36}{spread_ms([one.seen - one.sent for one in succeeded])}")
    print(f"{'OVERHEAD above the supplier':<36}{spread_ms(overheads)}   aims {AIMS_MS}")
    print(f"{'POST → 202':<36}{spread_ms([one.accepted - one.sent for one in succeeded])}")
    for number, (name, what) in enumerate(STATIONS):
        steps = [list(pairwise(route))[number] for route in routes]
        print(f"{name:<36}{spread_ms([end - start for start, end in steps])}   {what}")


def report_cpu(used: dict[str, float], imports: int) -> None:
    each = [f"{name} {seconds * 1000 / imports:.1f}" for name, seconds in used.items()]
    print(f"CPU ms per import, {sum(used.values()) * 1000 / imports:.1f}: {', '.join(each)}")


async def run(imports: int, at_once: int, page_kb: int) -> None:
    products = WARM_UP + 2 * imports
    async with running_suppliers(f"--products={products}", f"--page-kb={page_kb}") as suppliers:
        connection = await Connection.to(suppliers)
        _, listed = await connection.ask("GET", "/_sim/products")
        connection.close()
        wanted = [product for product in listed if product["supplier"] != "feed"]
        settings = {
            "DROPSHIP_DEVELOPMENT": "true",
            "DROPSHIP_AMAZON_BASE_URL": f"{suppliers}/amazon/{{site}}",
            "DROPSHIP_AMAZON_LOOKS_PER_MINUTE": "600000",
        }
        async with running_stack(settings) as stack, listening(stack["nats"]) as hops:
            token = await signed_up(stack["gateway"]["url"])
            await import_all(stack, token, hops, wanted[:WARM_UP], 4)
            for title, lanes, first in (
                ("one after the other", 1, WARM_UP),
                (f"{at_once} at once", at_once, WARM_UP + imports),
            ):
                before, started = cpu_seconds(stack), time.perf_counter()
                done = await import_all(stack, token, hops, wanted[first : first + imports], lanes)
                took_s = time.perf_counter() - started
                used = spent_between(before, cpu_seconds(stack))
                report(title, done, hops, await visits(suppliers), took_s)
                report_cpu(used, imports)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", type=int, default=200, help="for each of the two runs")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--page-kb", type=int, default=60)
    given = parser.parse_args()
    asyncio.run(run(given.imports, given.at_once, given.page_kb))
