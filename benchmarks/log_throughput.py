"""How fast facts go from the journal through the log into rows, against the raw ceilings.

    uv run python benchmarks/log_throughput.py [--events 20000]

Prints, all from the same run on the same servers: raw atomic batches of 1000 into JetStream, raw
COPY into a bare table, and our chain: one service writes state, versions and journal and relays,
another hears and writes rows with its checkpoint. Two processes, as in production.
"""

import argparse
import asyncio
import tempfile
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4, uuid5

import psycopg

from dropship.contracts.ids import PARTITIONS
from dropship.runtime.bus import Bus, Entry
from dropship.runtime.embedded import PostgresServer
from dropship.runtime.journal import Cause
from dropship.runtime.service import Service
from dropship.runtime.service import run as run_service
from dropship.runtime.testing import Servers, eventually, settings_for
from dropship.runtime.topology import read
from toy_counters import DDL, TOPOLOGY, Moved, count_many

BATCH = 500
WRITERS = 4
IDS = UUID("00000000-0000-5000-8000-0000000000be")


async def raw_batches(bus: Bus, events: int, payload: bytes) -> float:
    """Events per second of bare atomic batches of 1000, one after the other."""
    started = perf_counter()
    for _ in range(events // 1000):
        entries = [Entry("raw.x", payload, uuid4()) for _ in range(1000)]
        await bus.publish_batch(entries, {})
    return events / (perf_counter() - started)


async def raw_copy(dsn: str, events: int, payload: bytes) -> float:
    """Rows per second of COPY, 1000 per transaction, into a table without an index."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute("CREATE TABLE public.bare (id uuid, payload bytea)")
        await connection.commit()
        started = perf_counter()
        for _ in range(events // 1000):
            async with (
                connection.cursor() as cursor,
                cursor.copy("COPY public.bare FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(["uuid", "bytea"])
                for _ in range(1000):
                    await copy.write_row((uuid4(), payload))
            await connection.commit()
        return events / (perf_counter() - started)


async def write_all(service: Service, events: int) -> None:
    """Say `events` facts from a few connections, as concurrent handlers do."""
    share = events // WRITERS
    await asyncio.gather(*(write(service, w * share, (w + 1) * share) for w in range(WRITERS)))


async def write(service: Service, first: int, end: int) -> None:
    """Transactions of 500 facts, each counter's version taken under its row's lock."""
    for start in range(first, end, BATCH):
        cause = Cause.first(uuid5(IDS, str(start)))
        async with service.database.transaction(cause) as tx:
            keys = sorted({f"c{(start + i) % 4000}" for i in range(BATCH)})
            rows = await tx.fetch_all(
                "INSERT INTO counters (id, version) SELECT k, 1 FROM unnest(%s::text[]) k"
                " ON CONFLICT (id) DO UPDATE SET version = counters.version + 1"
                " RETURNING id, version",
                (keys,),
            )
            for key, version in rows:
                tx.say(
                    Moved(counter=key, number=version, note="x" * 120),
                    about=f"counter:{key}",
                    version=version,
                    key=key,
                )


async def chain(service: Service, hearer_dsn: str, events: int) -> float:
    """Events per second from the first transaction to the last row in the other service."""
    async with await psycopg.AsyncConnection.connect(hearer_dsn, autocommit=True) as connection:

        async def listening() -> bool:
            cursor = await connection.execute("SELECT count(*) FROM hearer.checkpoint")
            row = await cursor.fetchone()
            return bool(row and row[0] >= PARTITIONS)

        await eventually(listening, within_s=30)
        started = perf_counter()
        await write_all(service, events)

        async def all_heard() -> bool:
            cursor = await connection.execute("SELECT sum(heard) FROM hearer.heard_counters")
            row = await cursor.fetchone()
            return bool(row and row[0] == events)

        await eventually(all_heard, within_s=300)
    return events / (perf_counter() - started)


def hear(dsn: str, nats_url: str, password: str) -> None:
    """The other service, in a process of its own, until it is terminated."""
    settings: Any = settings_for("hearer", dsn, nats_url, password, log_level="error")

    def build() -> Service:
        service = Service("hearer", settings)
        service.hears_many(count_many)
        return service

    run_service(build)


async def run(events: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with PostgresServer(Path(folder) / "pg", durable=False) as postgres:
            servers = Servers(Path(folder), postgres)
            database = servers.empty_database("bench", "hearer", ddl=DDL)
            async with servers.nats(read(TOPOLOGY, lambda _: [])) as nats:
                dsn = servers.app_dsn(database, "bench")
                settings: Any = settings_for("bench", dsn, nats.url, servers.password)
                service = Service("bench", settings)
                stop = asyncio.Event()
                life = asyncio.create_task(service.live(stop))
                hearer_dsn = servers.app_dsn(database, "hearer")
                other = get_context("spawn").Process(
                    target=hear, args=(hearer_dsn, nats.url, servers.password), daemon=True
                )
                other.start()
                await eventually(lambda: service.working, within_s=20)
                payload = b"x" * 620
                batches = await raw_batches(service.bus, events, payload)
                copied = await raw_copy(postgres.dsn(database), events, payload)
                ours = await chain(service, hearer_dsn, events)
                other.terminate()
                stop.set()
                await life
                other.join()
    print(f"raw atomic batches of 1000   {batches:>9.0f} events/s   1.00")
    print(f"raw COPY, bare table         {copied:>9.0f} rows/s")
    print(
        f"journal-log-hearing-rows     {ours:>9.0f} events/s   {ours / batches:.2f} of the first,"
        f" {ours / copied:.2f} of COPY"
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=20_000)
    asyncio.run(run(arguments.parse_args().events))
