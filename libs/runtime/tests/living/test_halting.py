"""What must stop, stops; what need not, goes on; and readiness says which and why."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import Raw
from toy_checks import at_rest
from toy_relays import all_marked
from toy_words import IDS, CounterMoved, CounterSeen, cause, count, count_seen, move

from dropship.contracts.envelope import JSON, SCHEMAS, SPEC, Envelope
from dropship.runtime import living
from dropship.runtime.bus import Bus
from dropship.runtime.database import Database
from dropship.runtime.errors import SessionLost
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy, why_not_ready


def hears_nothing(service: Service) -> None:
    """Only its relay lives."""


async def publish_newer(bus: Bus) -> None:
    """A moved counter as some later release would say it."""
    type_ = f"{CounterMoved.type_name()}.v2"
    envelope = Envelope(
        specversion=SPEC,
        id=str(IDS),
        source="toy",
        type=type_,
        subject="counter:x",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        dataschema=f"{SCHEMAS}{type_}.json",
        datacontenttype=JSON,
        partitionkey="x",
        data=Raw(b'{"counter":"x","number":1}'),
        correlationid=str(IDS),
    )
    payload = msgspec.json.encode(envelope)
    await bus.publish("evt.03.counter.moved", payload, {"Nats-Msg-Id": str(IDS)})


async def test_a_relay_that_finds_its_stream_gone_says_so_at_once(toy: Toy) -> None:
    async with toy.running(hears_nothing) as service:
        async with service.database.transaction(cause(1)) as tx:
            await move(tx, "a")
        await eventually(lambda: all_marked(toy))
        async with toy.bus() as bus:
            await bus.api("STREAM.DELETE.EVENTS")
        async with service.database.transaction(cause(2)) as tx:
            await move(tx, "a")

        async def told() -> bool:
            return "log_regressed" in (await why_not_ready(service)).get("log", "")

        await eventually(told, within_s=living.HALTED_S - 1)


async def test_a_message_of_a_newer_release_halts_its_loop_alone_and_stays_told(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "HALTED_S", 0.2)

    def wire(service: Service) -> None:
        service.hears(count)
        service.hears(count_seen)

    async def seen() -> bool:
        return await toy.value("SELECT count(*) FROM effects WHERE counter = 'other'") == 30

    async with toy.running(wire) as service, toy.bus() as bus:
        await publish_newer(bus)

        async def told() -> bool:
            return any("newer" in reason for reason in (await why_not_ready(service)).values())

        await eventually(told)
        flickered = False
        for number in range(30):
            async with service.database.transaction(cause(number)) as tx:
                await move(tx, "a")
                look = CounterSeen(counter="other", number=number + 1)
                tx.say(look, about=f"look:{number}", version=1, key="other")
            await eventually(lambda: all_marked(toy))
            flickered |= not await told()
        await eventually(seen, what="the other loop's hearing")
        assert not flickered
        assert await toy.value("SELECT count(*) FROM effects WHERE counter = 'a'") == 0


async def test_a_pool_without_a_free_connection_costs_nobody_their_leases(toy: Toy) -> None:
    async with toy.running(pool_size=2) as service:
        await eventually(lambda: len(service.leases.partitions("EVENTS")) == 16)
        session = service.leases.connection
        async with service.database.connection(), service.database.connection():
            await eventually(lambda: service.database.pool.get_stats().get("requests_errors"))
        async with service.database.transaction(cause(1)) as tx:
            await move(tx, "a")
        await at_rest(toy)
        assert service.leases.connection is session


async def test_a_service_told_to_leave_leaves_even_when_a_loop_fails_on_the_way_out(
    toy: Toy,
) -> None:
    begun = asyncio.Event()

    async def stubborn(_database: Database) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise SessionLost("closed under it") from None

    service = Service("toy", toy.settings(drain_s=0.5))
    service.rounds("stubborn", stubborn, every_s=60)
    stop = asyncio.Event()
    living_task = asyncio.create_task(service.live(stop))
    await asyncio.wait_for(begun.wait(), 10)
    stop.set()
    _, late = await asyncio.wait([living_task], timeout=10)
    for task in late:
        task.cancel()
    assert not late
