"""One session holds all that a process leads; whoever loses it leads nothing."""

import asyncio

import pytest

from dropship.runtime.errors import SessionLost
from dropship.runtime.leases import Leases
from dropship.runtime.testing import eventually
from toy_house import Toy


def leasing(toy: Toy, name: str) -> Leases:
    leases = toy.leases(name)
    leases.subscribe("EVENTS")
    leases.subscribe("OBSERVATIONS")
    return leases


async def shares(leases: Leases) -> list[int]:
    """Beat once, give back the surplus, and tell how much is led on each stream."""
    await leases._beat()
    for name in ("EVENTS", "OBSERVATIONS"):
        await leases.release(name, leases.surplus(name))
    return [len(leases.partitions(name)) for name in ("EVENTS", "OBSERVATIONS")]


async def test_three_replicas_lead_every_partition_once_and_none_more_than_its_share(
    toy: Toy,
) -> None:
    three = [leasing(toy, f"toy-{n}") for n in range(3)]
    async with three[0].session(), three[1].session(), three[2].session():

        async def balanced() -> bool:
            led = [await shares(leases) for leases in three]
            whole = sum(one for one, _ in led) == sum(two for _, two in led) == 16
            return whole and max(map(max, led)) <= 6

        await eventually(balanced)
        for name in ("EVENTS", "OBSERVATIONS"):
            parts = [part for leases in three for part in leases.partitions(name)]
            assert sorted(parts) == list(range(16))


async def test_losing_the_session_is_losing_everything_at_once(toy: Toy) -> None:
    leases = leasing(toy, "toy-1")
    async with leases.session():
        assert await shares(leases) == [16, 16]
        assert await leases.lead("relay")
        keeping = asyncio.create_task(leases.keep())
        pid = leases.connection.info.backend_pid
        await toy.rows("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(SessionLost):
            await keeping
        with pytest.raises(SessionLost):
            await leases.lead("round.x")
    assert not leases.partitions("EVENTS")
    assert not leases.leads("relay")


async def test_a_session_that_shows_no_life_is_ended_by_the_database(toy: Toy) -> None:
    """What a hung process cannot do for itself; nobody beats here."""
    async with leasing(toy, "toy-1").session():
        rows = await toy.rows(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'dropship-toy-session'"
            " AND datname = current_database()"
        )
        assert rows

        async def ended() -> bool:
            return not await toy.rows(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'dropship-toy-session'"
                " AND datname = current_database()"
            )

        await eventually(ended, within_s=12)
