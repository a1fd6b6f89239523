"""Replicas share the partitions, and take over from each other without losing or doubling."""

import asyncio
from functools import partial

from toy_checks import Promised, at_rest, violations
from toy_words import CounterMoved, CounterSeen, cause, count, count_seen, key_in, move

from dropship.runtime.hearing import Hearing, Route
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy


def led(service: Service, stream: str = "EVENTS") -> int:
    return len(service.leases.partitions(stream))


async def say(service: Service, numbers: range) -> None:
    for number in numbers:
        async with service.database.transaction(cause(number)) as tx:
            await move(tx, key_in(number % 16))


async def test_a_second_replica_takes_half_and_gives_it_back_when_it_is_lost(toy: Toy) -> None:
    async with toy.running(name="toy-1") as one:
        await eventually(lambda: led(one) == 16)
        async with toy.running(name="toy-2") as two:
            await eventually(lambda: (led(one), led(two)) == (8, 8), what="8/8")
            await say(one, range(64))
            await at_rest(toy)
            pid = two.leases.connection.info.backend_pid
            two.leases._dsn = "postgresql://nobody@127.0.0.1:1/none"
            await toy.rows("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            await eventually(lambda: led(one) == 16, what="16")
            await say(one, range(64, 128))
            await at_rest(toy)
    assert await violations(toy, Promised(moves=128)) == []


def wire_both_streams(service: Service) -> None:
    service.hears(count)
    service.hears(count_seen)


async def say_and_see(service: Service, number: int) -> None:
    async with service.database.transaction(cause(number)) as tx:
        await move(tx, key_in(number % 16))
        look = CounterSeen(counter=f"seen{number}", number=1)
        tx.say(look, about=f"look:{number}", version=1, key=key_in(number % 16))


def shared(one: Service, two: Service, stream: str) -> bool:
    return (led(one, stream), led(two, stream)) == (8, 8)


async def test_a_survivor_takes_over_on_every_stream_it_hears(toy: Toy) -> None:
    async with toy.running(wire_both_streams, name="toy-1") as one:
        async with toy.running(wire_both_streams, name="toy-2") as two:
            for stream in ("EVENTS", "OBSERVATIONS"):
                await eventually(partial(shared, one, two, stream))
            for number in range(16):
                await say_and_see(one, number)
        for number in range(16, 48):
            await say_and_see(one, number)

        async def all_heard() -> bool:
            return await toy.value("SELECT count(*) FROM effects") == 96

        await eventually(all_heard)
    assert await violations(toy, Promised(moves=48)) == []


class EverythingIsMine:
    """Leases of a replica that wrongly believes to lead all partitions."""

    def subscribe(self, name: str) -> None: ...

    def partitions(self, _name: str) -> frozenset[int]:
        return frozenset(range(16))

    def surplus(self, _name: str) -> frozenset[int]:
        return frozenset()

    async def release(self, name: str, parts: frozenset[int]) -> None: ...


async def test_two_that_both_believe_to_lead_never_double_an_effect(toy: Toy) -> None:
    async with toy.running(lambda _: None) as service:
        hearings = []
        for _ in range(2):
            leases = EverythingIsMine()
            hearing = Hearing(service.database, service.bus, leases, service.clock, "EVENTS")  # type: ignore[arg-type]
            hearing.add(Route((CounterMoved,), count))
            hearings.append(asyncio.create_task(hearing.run()))
        try:
            await say(service, range(200))
            await at_rest(toy)
        finally:
            for task in hearings:
                task.cancel()
            await asyncio.gather(*hearings, return_exceptions=True)
    assert await violations(toy, Promised(moves=200)) == []
