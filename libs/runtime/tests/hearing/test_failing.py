"""One event that cannot be handled holds back its own key, and nobody else's."""

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from psycopg_pool import PoolTimeout
from toy_checks import Promised, at_rest, violations
from toy_words import CounterMoved, CounterSeen, cause, count, key_in, move, remember

from dropship.runtime import failpoints, hearing, parking
from dropship.runtime.bus import Bus
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.runtime.service import Service
from dropship.runtime.telemetry import metrics
from dropship.runtime.testing import eventually
from toy_house import Toy


class Broken:
    """A handler that cannot bear one event until it is mended."""

    def __init__(self, counter: str, number: int) -> None:
        self.poison = (counter, number)
        self.tried = 0

    async def __call__(
        self, heard: Heard[CounterMoved] | Heard[CounterSeen], tx: Transaction
    ) -> None:
        if (heard.event.counter, heard.event.number) == self.poison:
            self.tried += 1
            raise ValueError("cannot bear it")
        await remember(heard.event, heard.envelope.id, tx)


def hears_with(broken: Broken) -> Callable[[Service], None]:
    async def moved(heard: Heard[CounterMoved], tx: Transaction) -> None:
        await broken(heard, tx)

    async def seen(heard: Heard[CounterSeen], tx: Transaction) -> None:
        await broken(heard, tx)

    def wire(service: Service) -> None:
        service.hears(moved)
        service.hears(seen)

    return wire


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "AGAIN_S", 0.02)


async def say(service: Service, counter: str, times: int) -> None:
    for number in range(times):
        async with service.database.transaction(cause(f"{counter}/{number}")) as tx:
            await move(tx, counter)


async def numbers(toy: Toy, counter: str) -> list[int]:
    rows = await toy.rows(
        "SELECT number FROM effects WHERE counter = %s ORDER BY place", (counter,)
    )
    return [row[0] for row in rows]


async def test_after_three_tries_an_event_is_parked_with_its_key_behind_it_and_replayed_in_order(
    toy: Toy,
) -> None:
    bad, good = key_in(3, 0), key_in(3, 1)
    broken = Broken(bad, 2)
    async with toy.running(hears_with(broken)) as service:
        await say(service, bad, 5)
        await say(service, good, 5)
        await at_rest(toy)
        assert await numbers(toy, bad) == [1]
        assert await numbers(toy, good) == [1, 2, 3, 4, 5]
        assert broken.tried >= 3
        parked = await toy.rows("SELECT key, cause FROM parked ORDER BY seq")
        assert [key for key, _ in parked] == [bad] * 4
        assert "cannot bear it" in parked[0][1]
        assert {cause for _, cause in parked[1:]} == {"behind a parked event of the same key"}
        broken.poison = ("", 0)
        replay = service._hearings["EVENTS"].replay
        assert await parking.retry_key(service.database, "EVENTS", bad, replay) == 4
        assert await numbers(toy, bad) == [1, 2, 3, 4, 5]
        await say(service, bad, 2)
        await at_rest(toy)
    assert await violations(toy, Promised(moves=12)) == []


async def test_a_replay_that_fails_again_leaves_everything_parked(toy: Toy) -> None:
    bad = key_in(3)
    broken = Broken(bad, 1)
    async with toy.running(hears_with(broken)) as service:
        await say(service, bad, 3)
        await at_rest(toy)
        broken.poison = (bad, 2)
        replay = service._hearings["EVENTS"].replay
        with pytest.raises(ValueError, match="cannot bear it"):
            await parking.retry_key(service.database, "EVENTS", bad, replay)
        assert await toy.value("SELECT count(*) FROM parked") == 3
        assert await numbers(toy, bad) == []


async def test_on_observations_only_the_broken_reading_itself_is_set_aside(toy: Toy) -> None:
    broken = Broken("a", 2)
    async with toy.running(hears_with(broken)) as service:
        async with service.database.transaction(cause(1)) as tx:
            for number in range(1, 6):
                look = CounterSeen(counter="a", number=number)
                tx.say(look, about=f"look:{number}", version=1, key="a")

        async def rest_heard() -> bool:
            return await numbers(toy, "a") == [1, 3, 4, 5]

        await eventually(rest_heard)
        assert await toy.value("SELECT count(*) FROM parked") == 1


async def shout(bus: Bus, payload: bytes, id_: str, verb: str = "moved") -> None:
    await bus.publish(f"evt.03.counter.{verb}", payload, {"Nats-Msg-Id": id_})


async def test_what_nobody_can_read_is_parked_alone_and_can_be_dropped(toy: Toy) -> None:
    async with toy.running() as service, toy.bus() as bus:
        await shout(bus, b"not an envelope", "x1")
        await shout(bus, b"neither is this", "x2")
        await say(service, key_in(3), 2)

        async def parked() -> int:
            return int(await toy.value("SELECT count(*) FROM parked"))

        await eventually(lambda: _is(parked, 2))
        await at_rest(toy)
        async with toy.asker() as asker:
            dead = json.loads(await asker.ask_raw("ask.toy.dead_list", b"", {}))
            assert len(dead) == 2
            asked = json.dumps({"id": dead[0]["id"]}).encode()
            dropped = await asker.ask_raw("ask.toy.dead_drop", asked, {})
        assert json.loads(dropped) == {"dropped": 1}
        assert await parked() == 1


async def _is(ask: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await ask() == wanted


async def test_a_type_nobody_knows_is_skipped_and_counted(toy: Toy) -> None:
    async with toy.running() as service:
        async with service.database.transaction(cause(1)) as tx:
            await move(tx, "a")
        await at_rest(toy)
        payload = bytes(await toy.value("SELECT payload FROM journal"))
        before = metrics.HEARING_SKIPPED_UNKNOWN["EVENTS"]._value.get()
        stranger = payload.replace(CounterMoved.wire_type().encode(), b"dropship.counter.shook.v1")
        async with toy.bus() as bus:
            await shout(bus, stranger, "x1")
        await eventually(
            lambda: metrics.HEARING_SKIPPED_UNKNOWN["EVENTS"]._value.get() == before + 1
        )
        await say(service, "b", 2)
        await at_rest(toy)
        assert await numbers(toy, "b") == [1, 2]


async def test_an_error_after_the_commit_does_not_repeat_what_was_committed(toy: Toy) -> None:
    async with toy.running() as service:
        failpoints.arm("hearing.committed=error", development=True)
        try:
            await say(service, "a", 20)
            await at_rest(toy)
        finally:
            failpoints.arm("", development=True)
        await say(service, "b", 3)
        await at_rest(toy)
    assert await violations(toy, Promised(moves=23)) == []


async def test_a_busy_database_is_never_held_against_an_event(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection is free for as long as three tries last, and then one is."""
    refusals = 0

    async with toy.running() as service:
        real = service.database.pool.getconn

        async def getconn(*args: Any, **more: Any) -> Any:
            nonlocal refusals
            hears = any(frame.name == "_apply" for frame in traceback.extract_stack())
            if hears and refusals < hearing.ATTEMPTS + 1:
                refusals += 1
                raise PoolTimeout
            return await real(*args, **more)

        monkeypatch.setattr(service.database.pool, "getconn", getconn)
        await say(service, "a", 1)
        await at_rest(toy)
    assert refusals == hearing.ATTEMPTS + 1
    assert await violations(toy, Promised(moves=1)) == []


async def test_checkpoints_of_partitions_where_nothing_happens_move_on(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "SWEEP_S", 0.0)
    async with toy.running() as service:
        await say(service, key_in(3), 5)
        await at_rest(toy)
        await say(service, key_in(3), 1)
        await at_rest(toy)
        lowest = await toy.value("SELECT min(seq) FROM checkpoint")
        assert lowest >= 5


async def test_products_marked_due_are_taken_up_once_with_all_their_reasons(toy: Toy) -> None:
    taken: list[tuple[str, list[str]]] = []

    async def drain(key: str, reasons: list[str], tx: Transaction) -> None:
        taken.append((key, sorted(reasons)))
        await move(tx, key)

    def wire(service: Service) -> None:
        service.hears(count)
        service.drains_due(drain)

    async with toy.running(wire) as service:
        async with service.database.transaction(cause(1)) as tx:
            for key in ("a", "b"):
                await tx.mark_due(key, "policy")
                await tx.mark_due(key, "fx")

        async def both_heard() -> bool:
            return bool(await toy.value("SELECT count(*) FROM effects") == 2)

        await eventually(both_heard)
        await at_rest(toy)
    assert sorted(taken) == [("a", ["fx", "policy"]), ("b", ["fx", "policy"])]
    assert await violations(toy, Promised(moves=2)) == []


async def test_a_due_product_that_fails_holds_no_other_back_and_leaves_nothing_half_done(
    toy: Toy,
) -> None:
    async def drain(key: str, reasons: list[str], tx: Transaction) -> None:
        await move(tx, key)
        if key == "b":
            raise RuntimeError("a rule stumbles")

    def wire(service: Service) -> None:
        service.hears(count)
        service.drains_due(drain)

    async with toy.running(wire) as service:
        async with service.database.transaction(cause(1)) as tx:
            for key in ("a", "b", "c"):
                await tx.mark_due(key, "policy")

        async def two_heard() -> bool:
            return bool(await toy.value("SELECT count(*) FROM effects") == 2)

        await eventually(two_heard)
        await at_rest(toy)
    assert await toy.value("SELECT count(*) FROM counters WHERE id = 'b'") == 0
    assert await toy.value("SELECT count(*) FROM due WHERE key = 'b' AND due_at > now()") == 1
    assert await violations(toy, Promised(moves=2)) == []
