"""Small disasters, each of which a sound runtime survives. See `toy_plants` for unsound ones."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from toy_checks import Promised
from toy_relays import Gate, all_marked, carrying, say_moves, window_over
from toy_words import (
    CounterMoved,
    FetchToy,
    ListToy,
    PaintToy,
    Shop,
    cause,
    count,
    key_in,
    move,
    remember,
    wire,
)
from toy_work import Does, lists, order, order_listing, queue_is_empty

from dropship.runtime import failpoints, hearing, working
from dropship.runtime.asking import Asker
from dropship.runtime.bus import MSG_ID
from dropship.runtime.errors import Retry, Unknown
from dropship.runtime.hearing import Heard, Hearing, Route
from dropship.runtime.journal import Transaction
from dropship.runtime.relay import Relay
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from dropship.runtime.working import Outcome, Task
from toy_house import Toy

Scene = Callable[[Toy], Awaitable[Promised]]


def unheard(moves: int) -> Promised:
    return Promised(moves=moves, heard=False, ordering=False)


def heard(moves: int, parked: int = 0) -> Promised:
    return Promised(moves=moves, ordering=False, parked=parked)


async def _dies_at(toy: Toy, prepare: Callable[[Relay, Gate], None]) -> Promised:
    """A relay dies at a gate, the window runs out, another relay does the rest."""
    gate = Gate()
    async with toy.database_of_toy() as database, toy.bus() as bus:
        await say_moves(database, 5)
        async with carrying(toy, "toy-1", lambda relay: prepare(relay, gate)) as first:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await first.die(toy)
        await window_over(bus)
        async with carrying(toy, "toy-2"):
            await eventually(lambda: all_marked(toy))
    return unheard(5)


async def killed_before_marking(toy: Toy) -> Promised:
    def prepare(relay: Relay, gate: Gate) -> None:
        relay._mark = gate.before(relay._mark)  # type: ignore[method-assign]

    return await _dies_at(toy, prepare)


async def killed_before_publishing(toy: Toy) -> Promised:
    def prepare(relay: Relay, gate: Gate) -> None:
        relay._bus.publish_batch = gate.before(relay._bus.publish_batch)  # type: ignore[method-assign]

    return await _dies_at(toy, prepare)


async def zombie(toy: Toy) -> Promised:
    """A relay sleeps between reading and publishing while another does its work."""
    gate = Gate()

    def prepare(relay: Relay) -> None:
        relay._timed_publish = gate.before(relay._timed_publish)  # type: ignore[method-assign]

    async with toy.database_of_toy() as database, toy.bus() as bus:
        await say_moves(database, 5)
        async with carrying(toy, "zombie", prepare) as sleeping:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await sleeping.lose_session(toy)
            async with carrying(toy, "toy-2"):
                await eventually(lambda: all_marked(toy))
            await window_over(bus)
            gate.opened.set()
            await eventually(sleeping.task.done)
    return unheard(5)


async def _sent(toy: Toy, number: int) -> bool:
    sent = await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NOT NULL")
    return bool(sent >= number)


async def commits_out_of_order(toy: Toy) -> Promised:
    """A position is drawn first and committed last."""
    async with toy.database_of_toy() as database, carrying(toy) as carrier:
        async with database.transaction(cause("slow")) as slow:
            await move(slow, "slow")
            await slow.flush()
            async with database.transaction(cause("fast")) as fast:
                await move(fast, "fast")
            carrier.relay.wake()
            await eventually(lambda: _sent(toy, 1))
        async with database.transaction(cause("last")) as last:
            await move(last, "last")
        carrier.relay.wake()
        await eventually(lambda: _marked(toy, "last"))
    return unheard(3)


async def _marked(toy: Toy, counter: str) -> bool:
    return bool(
        await toy.rows(
            "SELECT 1 FROM journal WHERE aggregate = %s AND stream_seq IS NOT NULL",
            (f"counter:{counter}",),
        )
    )


async def two_writers_of_one_thing(toy: Toy) -> Promised:
    """The second begins while the first has not committed; order must follow the versions."""
    first_wrote, second_done = asyncio.Event(), asyncio.Event()

    async with toy.database_of_toy() as database, carrying(toy) as carrier:

        async def first() -> None:
            async with database.transaction(cause(1)) as tx:
                await _move_as_wired(tx, "a")
                await tx.flush()
                first_wrote.set()
                await asyncio.wait([asyncio.create_task(second_done.wait())], timeout=1.5)

        async def second() -> None:
            await first_wrote.wait()
            async with database.transaction(cause(2)) as tx:
                await _move_as_wired(tx, "a")
            carrier.relay.wake()
            await eventually(lambda: _sent(toy, 1))
            second_done.set()

        await asyncio.gather(first(), second())
        carrier.relay.wake()
        await eventually(lambda: _sent(toy, 2))
    return unheard(2)


moves: dict[str, Callable[[Transaction, str], Awaitable[int]]] = {"move": move}
"""The one way of moving that the planted bug replaces."""


async def _move_as_wired(tx: Transaction, counter: str) -> int:
    return await moves["move"](tx, counter)


async def _armed(point: str, during: Awaitable[Any]) -> None:
    failpoints.arm(f"{point}=error", development=True)
    try:
        await during
    finally:
        failpoints.arm("", development=True)


async def _heard_of(toy: Toy, counter: str) -> bool:
    return bool(await toy.rows("SELECT 1 FROM effects WHERE counter = %s", (counter,)))


async def fails_before_its_commit(toy: Toy) -> Promised:
    async with toy.running() as service:

        async def say() -> None:
            async with service.database.transaction(cause(1)) as tx:
                await move(tx, key_in(3))
            await eventually(lambda: "hearing.before_commit" not in _due())

        await _armed("hearing.before_commit", say())
        async with service.database.transaction(cause(2)) as tx:
            await move(tx, key_in(3, 1))
        await eventually(lambda: _heard_of(toy, key_in(3, 1)))
    return heard(2)


def _due() -> list[str]:
    """Armed points that have not struck yet."""
    return [rule.name for rule in failpoints._armed or [] if rule.passed < rule.passage]


async def restarted(toy: Toy) -> Promised:
    for turn in range(2):
        async with toy.running() as service:
            async with service.database.transaction(cause(turn)) as tx:
                await move(tx, key_in(3, turn))
            await eventually(lambda t=turn: _heard_of(toy, key_in(3, t)))
    return heard(2)


class _AllMine:
    """Leases of a replica that wrongly believes to lead everything."""

    def subscribe(self, name: str) -> None: ...

    def partitions(self, _name: str) -> frozenset[int]:
        return frozenset(range(16))

    def surplus(self, _name: str) -> frozenset[int]:
        return frozenset()

    async def release(self, name: str, parts: frozenset[int]) -> None: ...


async def two_leaders(toy: Toy) -> Promised:
    both = asyncio.Barrier(2)

    async def together(heard_: Heard[CounterMoved], tx: Transaction) -> None:
        await asyncio.wait([asyncio.create_task(both.wait())], timeout=0.3)
        await count(heard_, tx)

    async with toy.running(lambda _: None) as service:
        tasks = []
        for _ in range(2):
            loop = Hearing(service.database, service.bus, _AllMine(), service.clock, "EVENTS")  # type: ignore[arg-type]
            loop.add(Route((CounterMoved,), together))
            tasks.append(asyncio.create_task(loop.run()))
        try:
            async with service.database.transaction(cause(1)) as tx:
                await move(tx, "a")
            await eventually(lambda: _heard_of(toy, "a"))
            async with service.database.transaction(cause(2)) as tx:
                await move(tx, "b")
            await eventually(lambda: _heard_of(toy, "b"))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return heard(2)


async def one_event_is_poison(toy: Toy) -> Promised:
    async def fragile(heard_: Heard[CounterMoved], tx: Transaction) -> None:
        if (heard_.event.counter, heard_.event.number) == (key_in(3), 2):
            raise ValueError("poison")
        await remember(heard_.event, heard_.envelope.id, tx)

    async def parked() -> bool:
        return bool(await toy.value("SELECT count(*) FROM parked"))

    hearing.AGAIN_S, before = 0.02, hearing.AGAIN_S
    try:
        async with toy.running(lambda s: s.hears(fragile)) as service:
            for number in range(3):
                async with service.database.transaction(cause(number)) as tx:
                    await move(tx, key_in(3))
                if number == 1:
                    await eventually(parked)
            async with service.database.transaction(cause("end")) as tx:
                await move(tx, key_in(3, 1))
            await eventually(lambda: _heard_of(toy, key_in(3, 1)))
    finally:
        hearing.AGAIN_S = before
    return heard(4, parked=2)


async def fails_before_its_outcome(toy: Toy) -> Promised:
    async with toy.running(Does().wire()) as service:

        async def work() -> None:
            await order(service, "a")
            await eventually(lambda: all_marked(toy))
            await queue_is_empty(toy)

        await _armed("working.before_outcome", work())
    return Promised(heard=False)


def rows_only(task: Task[FetchToy]) -> Outcome:
    async def outcome(tx: Transaction) -> None:
        await tx.execute(
            "INSERT INTO outcomes (command, toy, attempt) VALUES (%s, %s, %s)",
            (task.command_id, task.command.toy, task.attempt),
        )

    return outcome


async def delivered_twice(toy: Toy) -> Promised:
    async def fetch(task: Task[FetchToy]) -> Outcome:
        return rows_only(task)

    wired = lambda s: s.does(FetchToy, fetch, plugin="tin")  # noqa: E731
    async with toy.running(wired) as service, toy.bus() as bus:
        id_ = await order(service, "a")
        await eventually(lambda: all_marked(toy))
        await queue_is_empty(toy)
        subject, payload = (await toy.rows("SELECT subject, payload FROM journal"))[0]
        await window_over(bus)
        await bus.publish(subject, bytes(payload), {MSG_ID: str(id_)})
        await queue_is_empty(toy)
    return Promised(heard=False)


async def overtaken(toy: Toy) -> Promised:
    stalled = asyncio.Event()
    ended_: list[int] = []

    async def fetch(task: Task[FetchToy]) -> Outcome:
        if task.attempt == 1:
            await stalled.wait()
        ended_.append(task.attempt)
        return rows_only(task)

    async def is_over() -> bool:
        return not [t for t in asyncio.all_tasks() if "_attend" in repr(t.get_coro())]

    working.HEARTBEAT_S, before = 60.0, working.HEARTBEAT_S
    try:
        async with toy.running(lambda s: s.does(FetchToy, fetch, plugin="tin")) as service:
            await order(service, "a")
            await eventually(lambda: 2 in ended_)
            stalled.set()
            await eventually(lambda: 1 in ended_)
            await eventually(is_over)
            await queue_is_empty(toy)
    finally:
        working.HEARTBEAT_S = before
    return Promised(heard=False)


class SilentShop(Shop):
    """Does what it is told and does not say so, the first time."""

    async def call(self, task: Task[ListToy]) -> Outcome:
        outcome = await super().call(task)
        if task.attempt == 1:
            raise Unknown("cut off")
        return outcome


async def called_without_an_answer(toy: Toy) -> Promised:
    async with toy.running(lambda s: lists(SilentShop(s.database))(s)) as service:
        await order_listing(service, "a")
        await eventually(lambda: all_marked(toy))
        await queue_is_empty(toy)
    return Promised(heard=False)


async def _asked_until_answered(toy: Toy, point: str) -> Promised:
    id_ = uuid4()

    async def ask() -> None:
        async with toy.asker() as asker:
            while not await _answered(asker, id_):
                pass

    async with toy.running(wire) as service:
        assert isinstance(service, Service)
        await _armed(point, ask())
        await eventually(lambda: all_marked(toy))
    return Promised(asked={id_}, heard=False, ordering=False)


async def _answered(asker: Asker, id_: Any) -> bool:
    try:
        await asker.ask(PaintToy(toy="a", colour="red"), tenant="t", command_id=id_)
    except Retry:
        return False
    return True


async def answer_is_lost(toy: Toy) -> Promised:
    return await _asked_until_answered(toy, "asking.committed")


async def fails_before_the_answer_is_kept(toy: Toy) -> Promised:
    return await _asked_until_answered(toy, "asking.before_commit")
