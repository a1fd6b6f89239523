"""kill -9 of each replica, of NATS and of Postgres under load: all acknowledged happens once."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from toy_checks import at_rest, violations
from toy_stack import Stack, stack

from dropship.runtime.testing import eventually
from toy_house import Toy


@pytest.fixture
def window() -> str:
    return "100ms"


@pytest.fixture
def ack_wait() -> str:
    return "1s"


async def kill_replica(running: Stack, number: int) -> None:
    os.kill(running.replicas[number].pid, signal.SIGKILL)


async def kill_nats(running: Stack) -> None:
    running.toy.nats.kill()
    await running.toy.nats.start()


async def kill_postgres(running: Stack) -> None:
    postgres = running.toy.servers.postgres
    postgres.kill()
    await postgres.start()


Blow = Callable[[Stack], Awaitable[None]]
BLOWS: list[tuple[str, Blow]] = [
    ("replica 1", lambda running: kill_replica(running, 0)),
    ("replica 2", lambda running: kill_replica(running, 1)),
    ("NATS", kill_nats),
    ("Postgres", kill_postgres),
]


async def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(
    toy: Toy, tmp_path: Path
) -> None:
    report: list[str] = []
    async with stack(toy, tmp_path) as running:
        await running.load(8)
        for name, blow in BLOWS:
            under_load = asyncio.create_task(running.load(60))
            await eventually(lambda: running.promised.moves % 60 > 15, within_s=60)
            began = time.monotonic()
            await blow(running)
            await running.ask()
            answered = time.monotonic() - began
            await under_load
            await at_rest(toy, within_s=60)
            rested = time.monotonic() - began
            report.append(
                f"  {name:10} answers after {answered:.2f} s, at rest after {rested:.2f} s"
            )
            assert await violations(toy, running.promised) == [], f"after the death of {name}"
    (tmp_path / "killed.txt").write_text("\n".join(report))
    print("\nkill -9 under load\n" + "\n".join(report))  # noqa: T201 - the report


async def leader(running: Stack) -> int:
    """The number of the replica that holds the relay's lock."""
    rows = await running.toy.rows(
        "SELECT r.replica FROM pg_locks l JOIN replicas r ON r.backend_pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint ="
        " (hashtext('toy.relay')::bigint & 4294967295)"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return [replica.name for replica in running.replicas].index(rows[0][0])


async def test_a_hung_leader_loses_everything_to_the_other_and_doubles_nothing_when_it_wakes(
    toy: Toy, tmp_path: Path
) -> None:
    """SIGSTOP: alive for the kernel, silent for everybody else."""
    async with stack(toy, tmp_path) as running:
        await running.load(8)
        hung = await leader(running)
        stopped = running.replicas[hung]
        under_load = asyncio.create_task(running.load(32, at_once=16))
        await eventually(lambda: running.promised.moves > 12, within_s=60)
        os.kill(stopped.pid, signal.SIGSTOP)
        began = time.monotonic()
        try:

            async def taken_over() -> bool:
                return await leader(running) != hung

            await eventually(taken_over, within_s=30)
            took = time.monotonic() - began
            await under_load
            await at_rest(toy, within_s=60)
        finally:
            os.kill(stopped.pid, signal.SIGCONT)
        await running.load(12, at_once=12)
        woke = time.time()
        await eventually(lambda: _led_again(running, stopped.name, woke), within_s=30)
        await at_rest(toy, within_s=60)
        assert await violations(toy, running.promised) == []
    assert took < 15
    print(f"\na hung leader was replaced after {took:.2f} s")  # noqa: T201 - the report


def _led_again(running: Stack, name: str, since: float) -> bool:
    return any(
        e["event"] == "hearing" and e["replica"] == name and e["at"] > since - 5
        for e in running.log()
    )
