"""The clock port, and the clock that stands still for tests."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dropship.runtime.clock import Clock, ManualClock, SystemClock


async def until(predicate: Callable[[], bool]) -> None:
    for _ in range(100):
        if predicate():
            return
        await asyncio.sleep(0)
    pytest.fail("it did not come true")


def test_the_system_clock_tells_aware_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


async def test_a_zero_sleep_gives_way_once_on_both_clocks() -> None:
    for clock in (SystemClock(), ManualClock()):
        await asyncio.wait_for(clock.sleep(0), timeout=1)


async def test_sleepers_wake_in_the_order_of_their_due_times() -> None:
    clock: ManualClock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("late", 30), ("early", 10), ("middle", 20)):
            tasks.create_task(sleeper(name, seconds))
        await until(lambda: clock.sleepers == 3)
        clock.advance(20)
        await until(lambda: len(woken) == 2)
        assert woken == ["early", "middle"]
        assert clock.now() == datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=20)
        clock.advance(10)
    assert woken == ["early", "middle", "late"]
    assert clock.monotonic() == 30


async def test_a_sleeper_that_was_cancelled_does_not_disturb_the_others() -> None:
    clock = ManualClock()
    given_up = asyncio.create_task(clock.sleep(5))
    waiting = asyncio.create_task(clock.sleep(5))
    await until(lambda: clock.sleepers == 2)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    clock.advance(5)
    await asyncio.wait_for(waiting, timeout=1)


def test_time_never_goes_back_and_never_starts_without_a_zone() -> None:
    with pytest.raises(ValueError, match="never goes back"):
        ManualClock().advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test
