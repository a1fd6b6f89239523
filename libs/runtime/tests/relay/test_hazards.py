"""A relay that dies, doubles or sleeps loses nothing and says nothing twice."""

import asyncio
import os
import signal
from typing import Any

import pytest
from toy_checks import Promised, violations
from toy_relays import Gate, all_marked, carrying, say_moves, window_over

from dropship.runtime import bus as buses
from dropship.runtime.relay import Relay, Row
from dropship.runtime.testing import eventually
from toy_house import Toy


@pytest.fixture
def window() -> str:
    return "100ms"


def unheard(moves: int) -> Promised:
    return Promised(moves=moves, heard=False, ordering=False)


def without_fence(relay: Relay) -> None:
    """A relay as it was before epochs: the control of every test about zombies."""

    async def bare(rows: list[Row]) -> list[int]:
        if len(rows) == 1:
            return [await relay._publish_one(rows[0].entry, {})]
        last = await relay._bus.publish_batch([row.entry for row in rows], {})
        return list(range(last - len(rows) + 1, last + 1))

    relay._publish = bare  # type: ignore[method-assign]


@pytest.mark.parametrize("rows", [1, 25])
async def test_a_relay_killed_between_publishing_and_marking_says_nothing_twice(
    toy: Toy, rows: int
) -> None:
    gate = Gate()

    def prepare(relay: Relay) -> None:
        relay._mark = gate.before(relay._mark)  # type: ignore[method-assign]

    async with toy.database_of_toy() as database, toy.bus() as bus:
        await say_moves(database, rows)
        async with carrying(toy, "toy-1", prepare) as first:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await first.die(toy)
        assert await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NULL") == rows
        await window_over(bus)
        async with carrying(toy, "toy-2"):
            await eventually(lambda: all_marked(toy))
    assert await violations(toy, unheard(rows)) == []


async def test_a_relay_killed_in_the_middle_of_a_batch_has_stored_none_of_it(toy: Toy) -> None:
    gate = Gate()

    def prepare(relay: Relay) -> None:
        bus = relay._bus
        bus._send_together = gate.before(bus._send_together)  # type: ignore[method-assign]

    async with toy.database_of_toy() as database:
        await say_moves(database, 25)
        async with carrying(toy, "toy-1", prepare) as first:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await first.die(toy)
        async with carrying(toy, "toy-2"):
            await eventually(lambda: all_marked(toy))
    assert await violations(toy, unheard(25)) == []


async def test_of_two_relays_one_leads_and_the_other_takes_over_when_it_is_gone(toy: Toy) -> None:
    one, two = toy.leases("toy-1"), toy.leases("toy-2")
    async with two.session():
        async with one.session():
            assert await one.lead("relay")
            assert not await two.lead("relay")
            pid = one.connection.info.backend_pid
            await toy.rows("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            await eventually(lambda: two.lead("relay"), within_s=5)
        assert two.leads("relay")


async def zombie_resumes(toy: Toy, *, fenced: bool, rows: int) -> None:
    """One relay sleeps between reading and publishing while another does all its work."""
    gate = Gate()

    def prepare(relay: Relay) -> None:
        if not fenced:
            without_fence(relay)
        relay._timed_publish = gate.before(relay._timed_publish)  # type: ignore[method-assign]

    async with toy.database_of_toy() as database, toy.bus() as bus:
        await say_moves(database, rows)
        async with carrying(toy, "zombie", prepare) as zombie:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await zombie.lose_session(toy)
            async with carrying(toy, "toy-2", None if fenced else without_fence):
                await eventually(lambda: all_marked(toy))
            await window_over(bus)
            gate.opened.set()
            await eventually(zombie.task.done, what="the end of the zombie")


@pytest.mark.parametrize("rows", [1, 25])
async def test_a_zombie_relay_is_shut_out_by_the_server_itself(toy: Toy, rows: int) -> None:
    await zombie_resumes(toy, fenced=True, rows=rows)
    assert await violations(toy, unheard(rows)) == []


@pytest.mark.parametrize("rows", [1, 25])
async def test_without_its_fence_a_zombie_relay_would_say_everything_twice(
    toy: Toy, rows: int
) -> None:
    await zombie_resumes(toy, fenced=False, rows=rows)
    found = await violations(toy, unheard(rows))
    assert any("twice in the stream" in one and one.startswith(str(rows)) for one in found)


@pytest.mark.parametrize("rows", [1, 25])
async def test_a_frozen_server_costs_time_and_nothing_else(
    toy: Toy, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buses, "PUBLISH_TIMEOUT_S", 1.0)
    gate = Gate()

    def prepare(relay: Relay) -> None:
        relay._timed_publish = gate.before(relay._timed_publish)  # type: ignore[method-assign]

    async with toy.database_of_toy() as database, carrying(toy, "toy-1", prepare) as carrier:
        await eventually(lambda: carrier.relay._epoch)
        await say_moves(database, rows)
        carrier.relay.wake()
        await asyncio.wait_for(gate.reached.wait(), 10)
        os.kill(toy.nats.pid, signal.SIGSTOP)
        try:
            gate.opened.set()
            await eventually(lambda: carrier.relay._in_doubt, what="doubt", within_s=15)
        finally:
            os.kill(toy.nats.pid, signal.SIGCONT)
        await eventually(lambda: all_marked(toy), within_s=20)
    assert await violations(toy, unheard(rows)) == []


async def test_what_was_stored_before_the_new_epoch_is_found_among_others_messages(
    toy: Toy,
) -> None:
    """The way back from the fence to the last mark may be long and full of strangers."""
    gate = Gate()
    strangers = 700

    def prepare(relay: Relay) -> None:
        relay._mark = gate.before(relay._mark)  # type: ignore[method-assign]

    async def shout(bus: Any, number: int) -> None:
        await bus.publish("evt.03.stranger.shouted", b"{}", {"Nats-Msg-Id": f"s{number}"})

    async with toy.database_of_toy() as database, toy.bus() as bus:
        await asyncio.gather(*(shout(bus, n) for n in range(strangers)))
        await say_moves(database, 5)
        async with carrying(toy, "toy-1", prepare) as first:
            await asyncio.wait_for(gate.reached.wait(), 10)
            await first.die(toy)
        await asyncio.gather(*(shout(bus, n) for n in range(strangers, 2 * strangers)))
        await window_over(bus)
        async with carrying(toy, "toy-2"):
            await eventually(lambda: all_marked(toy))
    marks = [row[0] for row in await toy.rows("SELECT stream_seq FROM journal ORDER BY position")]
    assert marks == [strangers + 2 + n for n in range(5)]
