"""Reading a product through our gateway against the same endpoint in FastAPI and the ORM.

    uv run python benchmarks/product_read.py [--rounds 5] [--seconds 4]

Authenticated GET /v1/products/{id}, one worker each, the same rows in the same Postgres, the same
load generator, rounds in turn in the same run. Ours goes from the gateway (granian, remembered
tokens) over NATS to the tracker, which reads and encodes; the peer is `peer_fastapi.py` in a single
process. Before anything is measured, both must answer every sampled product with the same JSON.
"""

import argparse
import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import msgspec
import psycopg
from measuring.cpu import Meter
from measuring.http import Connection, request
from measuring.load import Round, load
from measuring.stack import Stack, child, running_stack

from dropship.contracts.ids import product_id
from dropship.runtime.embedded import free_port
from dropship.runtime.testing import eventually

PRODUCTS = 5_000
COMPARED = 200
AIM = 2.5
WARM_UP_S = 2.0
HERE = Path(__file__).parent
UVICORN = ("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning")
NEEDED = ("fastapi", "uvicorn", "uvloop", "asyncpg")
_STATES = (("in_stock", 7, "exact"), ("low", 2, "exact"), ("out_of_stock", 0, None))

_PRODUCTS = """
INSERT INTO tracker.products
       (id, source, external_id, variant, title, price_minor, list_price_minor, currency, flags,
        availability, stock, stock_kind, ships_in_days, seller, rating, review_count, images, url,
        imported_at, last_seen_at, last_changed_at)
VALUES (%s, 'amazon-com', %s, '', %s, %s, %s, 'USD', '["third_party"]', %s, %s, %s, 2,
        'Nordwind Trading', '4.5', %s, %s, %s, %s, %s, %s)
"""
_WATCHES = """
INSERT INTO tracker.watches
       (tenant_id, product_id, label, check_every_s, created_by_job, created_at)
VALUES (%s, %s, %s, 3600, 'bench', now())
"""


def rows(tenant: str) -> tuple[list[str], list[Any], list[Any]]:
    """Ids, product rows and watch rows that look like imported ones."""
    ids: list[str] = []
    products: list[Any] = []
    watches: list[Any] = []
    at = datetime(2026, 11, 1, 12, 30, 15, 123456, UTC)
    for n in range(PRODUCTS):
        asin = f"B0BEN{n:05}"
        id_ = product_id("amazon-com", asin)
        images = [f"https://images.example.com/{asin}/{i}.jpg" for i in range(6)]
        seen = at + timedelta(seconds=n)
        title, url = f"Garden hose reel, series {n}", f"https://www.example.com/dp/{asin}"
        pictures = msgspec.json.encode(images).decode()
        offer = (1999 + n, 2499 + n, *_STATES[n % 3])
        products.append((id_, asin, title, *offer, n, pictures, url, at, seen, seen))
        watches.append((tenant, id_, f"shelf {n}" if n % 2 else None))
        ids.append(id_)
    return ids, products, watches


async def fill(dsn: str, tenant: str) -> list[str]:
    ids, products, watches = rows(tenant)
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        async with connection.cursor() as cursor:
            await cursor.executemany(_PRODUCTS, products)
            await cursor.executemany(_WATCHES, watches)
        await connection.commit()
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE tracker.products, tracker.watches")
    return ids


async def signed_up(gateway: str) -> tuple[str, str]:
    """A new tenant: its access token and its id."""
    connection = await Connection.to(gateway)
    person = {"email": "bench@example.com", "password": "a long benchmark passphrase"}
    _, answer = await connection.ask("POST", "/v1/auth/signup", person)
    connection.close()
    token = str(answer["access_token"])
    claims = jwt.decode(token, options={"verify_signature": False})
    return token, str(claims["tenant"])


def peer_command(port: int) -> tuple[str, ...]:
    """The peer in this environment, or else in one that uv makes for it."""
    served = ("uvicorn", "peer_fastapi:app", f"--app-dir={HERE}", f"--port={port}", *UVICORN)
    if all(find_spec(name) for name in NEEDED):
        return (sys.executable, "-m", *served)
    return ("uv", "run", "--quiet", "--group", "bench", *served)


async def listening(url: str) -> None:
    async def answers() -> bool:
        try:
            (await Connection.to(url)).close()
        except OSError:
            return False
        return True

    await eventually(answers, within_s=90)


async def must_agree(ours: Connection, peer: Connection, ids: Sequence[str]) -> None:
    """Both answer the same JSON, and neither answers a stranger."""
    for id_ in ids:
        one = await ours.ask("GET", f"/v1/products/{id_}")
        other = await peer.ask("GET", f"/v1/products/{id_}")
        assert one == other, (one, other)
        assert one[0] == 200, one
    for connection in (ours, peer):
        assert (await connection.ask_raw("GET", f"/v1/products/{product_id('x', 'y')}"))[0] == 404
        connection.token = "no token"
        assert (await connection.ask_raw("GET", f"/v1/products/{ids[0]}"))[0] == 401
        connection.close()


class Side:
    """One of the two servers, and what its rounds brought."""

    def __init__(self, name: str, url: str, token: str, ids: Sequence[str]) -> None:
        self.name, self.url = name, url
        host = url.removeprefix("http://")
        self._requests = [request(host, "GET", f"/v1/products/{id_}", token) for id_ in ids]
        self.rounds: list[Round] = []
        self._used: Counter[str] = Counter()
        self._others: list[float] = []

    async def round(self, meter: Meter | None, connections: int, lasting_s: float) -> None:
        """One round; it counts only with a meter."""
        brought = await load(self.url, self._requests, connections, lasting_s)
        if meter is not None:
            used, others = meter.read()
            self.rounds.append(brought)
            self._used.update(used)
            self._others.append(others)

    def report(self, ratio: str) -> None:
        rates = sorted(one.rate for one in self.rounds)
        p50 = median(one.p50_ms for one in self.rounds)
        p99 = median(one.p99_ms for one in self.rounds)
        print(
            f"{self.name:<30}{median(rates):>6.0f} req/s ({rates[0]:.0f} to {rates[-1]:.0f})"
            f"   p50 {p50:5.1f} ms   p99 {p99:6.1f} ms   {ratio}"
        )
        answered = sum(len(one.latencies_s) for one in self.rounds)
        each = {name: seconds * 1e6 / answered for name, seconds in self._used.items()}
        shown = ", ".join(f"{name} {us:.0f}" for name, us in each.items() if us >= 10)
        print(
            f"    CPU µs per request, {sum(each.values()):.0f} in all: {shown};"
            f" others use {median(self._others):.0%} of this machine"
        )


async def compare(stack: Stack, ours: Side, peer: Side, peer_pid: int, given: Any) -> None:
    for side in (ours, peer):
        await side.round(None, given.connections, WARM_UP_S)
    for _ in range(given.rounds):
        for side in (ours, peer):
            meter = Meter(stack, {"peer": peer_pid})
            await side.round(meter, given.connections, given.seconds)
    ratios = [a.rate / b.rate for a, b in zip(ours.rounds, peer.rounds, strict=True)]
    print(f"{given.connections} connections, {given.rounds} rounds of {given.seconds:g} s each")
    peer.report("1.00")
    ours.report(f"{median(ratios):.2f} (aim {AIM}; {min(ratios):.2f} to {max(ratios):.2f})")


async def run(given: Any) -> None:
    port, secret = free_port(), secrets.token_hex(32)
    async with running_stack({}) as stack:
        gateway, peer = stack["gateway"]["url"], f"http://127.0.0.1:{port}"
        token, tenant = await signed_up(gateway)
        ids = await fill(stack["postgres"]["dsn"], tenant)
        expires = datetime.now(UTC) + timedelta(hours=1)
        claims = {"sub": "bench", "tenant": tenant, "exp": expires}
        peer_token = jwt.encode(claims, secret, algorithm="HS256")
        told = {"BENCH_DSN": stack["postgres"]["dsn"], "BENCH_SECRET": secret}
        async with child(peer_command(port), told) as peer_pid:
            await listening(peer)
            await must_agree(
                await Connection.to(gateway, token),
                await Connection.to(peer, peer_token),
                ids[:: PRODUCTS // COMPARED],
            )
            sides = (
                Side("ours", gateway, token, ids),
                Side("FastAPI, ORM, asyncpg, PyJWT", peer, peer_token, ids),
            )
            await compare(stack, *sides, peer_pid, given)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=32)
    asyncio.run(run(parser.parse_args()))
