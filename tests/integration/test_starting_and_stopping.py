"""One command starts everything, and when it ends, however it ends, nothing is left running."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from dropship.runtime.testing import eventually
from integration import programs
from integration.running import (
    ANY_PORT,
    SERVICES,
    START_S,
    Homes,
    Stack,
    dropship,
    spawn,
    stopped,
)
from integration.shop import Shop

NOT_RUNNING = 3


@asynccontextmanager
async def _in_a_terminal(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Stack]]:
    """``dropship up`` in the foreground, ready."""
    with (home.parent / "terminal.txt").open("ab") as terminal:
        process = await spawn("up", ANY_PORT, "--home", str(home), out=terminal)
    stack = Stack(home)
    try:
        await eventually(
            lambda: stack.supervisor() == process.pid, within_s=START_S, what="its stack.json"
        )
        yield process, stack
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_killed_supervisor_leaves_nothing_running_and_the_next_start_forgets_nothing(
    homes: Homes,
) -> None:
    with homes() as home:
        async with _in_a_terminal(home) as (process, stack):
            shop = await Shop.opened(stack.gateway)
            await shop.close()
            family = stack.family()
            assert len(family) > len(stack.pids())
            os.kill(process.pid, signal.SIGKILL)
            await stopped(family)
            assert (await dropship("status", "--home", str(home))).code == NOT_RUNNING
        async with _in_a_terminal(home) as (process, stack):
            await _start_again_is_refused(home)
            await _knows(stack, shop)
            await _stops_services_first(process, stack)
        assert not (home / "stack.json").exists()


async def _start_again_is_refused(home: Path) -> None:
    for more in ((), ("--detach",)):
        again = await dropship("up", ANY_PORT, "--home", str(home), *more)
        assert again.code != 0
        assert "already running" in again.said


async def _knows(stack: Stack, shop: Shop) -> None:
    """Whoever signed up before the kill can sign in after it."""
    back = Shop(stack.gateway)
    credentials = {"email": shop.email, "password": shop.password}
    answer = await back.asks("POST", "/v1/auth/login", json=credentials)
    assert answer.status_code == 200, answer.text
    await back.sign_in_with(answer.json())
    assert back.tenant == shop.tenant
    await back.close()


async def _stops_services_first(process: asyncio.subprocess.Process, stack: Stack) -> None:
    """Ctrl-C: services end while NATS and PostgreSQL still run, and all end."""
    family, pids = stack.family(), stack.pids()
    living = {one for one in family if one.pid in pids.values()}
    order: list[int] = []

    def note_who_is_gone() -> bool:
        gone = {one for one in living if not one.is_alive()}
        order.extend(sorted(one.pid for one in gone))
        living.difference_update(gone)
        return not living

    process.send_signal(signal.SIGINT)
    await eventually(note_who_is_gone, within_s=30, what="the end of every program")
    await stopped(family)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    stores = {pids["nats"], pids["postgres"]}
    assert set(order[-2:]) == stores, f"{order} should end with {stores}"


async def test_the_description_of_a_running_stack_has_the_promised_shape_for_its_owner_only(
    stack: Stack,
) -> None:
    assert stat.S_IMODE((stack.home / "stack.json").stat().st_mode) == 0o600
    now = stack.now()
    assert now.keys() == {"gateway", "nats", "postgres", "services", "simulators"}
    assert now["gateway"].keys() == {"url"}
    assert now["nats"].keys() == {"url", "monitor_url", "user", "password", "pid"}
    assert now["postgres"].keys() == {"dsn", "pid"}
    assert tuple(sorted(now["services"])) == SERVICES
    assert {name: len(replicas) for name, replicas in now["services"].items()} == {
        name: 2 if name in {"tracker", "scraper"} else 1 for name in SERVICES
    }
    for replicas in now["services"].values():
        for replica in replicas:
            assert replica.keys() == {"pid", "health_url", "metrics_url"}
    assert [simulator.keys() for simulator in now["simulators"].values()] == [{"url"}]
    living = {program.pid for program in stack.family()}
    assert set(stack.pids().values()) <= living
    assert len(set(stack.pids().values())) == len(stack.pids())


async def test_the_status_of_a_running_stack_is_that_all_is_ready(stack: Stack) -> None:
    done = await dropship("status", "--json", "--home", str(stack.home))
    report = msgspec.json.decode(done.said.encode())
    assert (done.code, report["running"], report["ready"]) == (0, True, True), done.said
    assert {p["pid"] for p in report["programs"]} >= set(stack.pids().values())
    assert all(programs.command_line(program["pid"]) for program in report["programs"])
