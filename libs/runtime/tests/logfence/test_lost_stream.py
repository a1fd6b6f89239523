"""A stream that is not the one known before stops reading and publishing, and says so."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from toy_checks import at_rest
from toy_words import cause, move

from dropship.runtime import living
from dropship.runtime.bus import Bus
from dropship.runtime.service import Service
from dropship.runtime.telemetry import metrics
from dropship.runtime.testing import eventually
from toy_house import Toy, topology, why_not_ready

NOTICED_WITHIN_S = 10.0


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "HALTED_S", 0.4)


async def says_regressed(service: Service) -> str | None:
    reason = (await why_not_ready(service)).get("log", "")
    return reason if "log_regressed" in reason else None


async def say(service: Service, numbers: range) -> None:
    for number in numbers:
        async with service.database.transaction(cause(number)) as tx:
            await move(tx, f"c{number % 5}")


async def halted(toy: Toy, service: Service, why: str) -> None:
    """Neither reads nor publishes, and readiness names the cause."""
    reason = await eventually(lambda: says_regressed(service), within_s=NOTICED_WITHIN_S)
    assert why in str(reason)
    heard = await toy.value("SELECT count(*) FROM effects")
    await say(service, range(1000, 1005))
    await looked_again()
    assert await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NULL") == 5
    assert await toy.value("SELECT count(*) FROM effects") == heard
    assert await says_regressed(service)


async def looked_again() -> None:
    """The service has tried twice more to go on, and was refused again."""
    so_far = failures()
    await eventually(lambda: failures() >= so_far + 2, what="another look at the log")


def failures() -> float:
    return metrics.FENCE_FAILURES["EVENTS"]._value.get()


async def delete(bus: Bus) -> None:
    await bus.api("STREAM.DELETE.EVENTS")


async def delete_and_make_again(bus: Bus) -> None:
    await bus.api("STREAM.DELETE.EVENTS")
    await bus.api("STREAM.CREATE.EVENTS", topology().streams[0])


@pytest.mark.parametrize(
    ("lose", "why"), [(delete, "does not exist"), (delete_and_make_again, "EVENTS: ")]
)
async def test_a_stream_lost_under_a_running_service_stops_it(
    toy: Toy, lose: Callable[[Bus], Awaitable[None]], why: str
) -> None:
    async with toy.running() as service:
        await say(service, range(20))
        await at_rest(toy)
        assert await why_not_ready(service) == {}
        async with toy.bus() as bus:
            await lose(bus)
        await halted(toy, service, why)


@pytest.mark.parametrize(
    ("lose", "why"), [(delete, "does not exist"), (delete_and_make_again, "it was made")]
)
async def test_a_service_does_not_begin_on_a_stream_that_is_not_its_own(
    toy: Toy, lose: Callable[[Bus], Awaitable[None]], why: str
) -> None:
    async with toy.running() as service:
        await say(service, range(20))
        await at_rest(toy)
    async with toy.bus() as bus:
        await lose(bus)
        if lose is delete:
            await bus.api("STREAM.CREATE.EVENTS", topology().streams[0])
            why = "it was made"
    async with toy.running() as service:
        await halted(toy, service, why)


class Backup:
    """The store as it was at some moment, to be put back over a longer one."""

    def __init__(self, toy: Toy) -> None:
        self._store = toy.nats.home / "jetstream"
        self._kept = toy.nats.home / "kept"
        shutil.copytree(self._store, self._kept)

    def put_back(self) -> None:
        shutil.rmtree(self._store)
        shutil.copytree(self._kept, self._store)


@asynccontextmanager
async def with_twenty_and_a_backup(toy: Toy) -> AsyncIterator[tuple[Service, Backup]]:
    async with toy.running() as service:
        await say(service, range(20))
        await at_rest(toy)
        await toy.nats.stop()
        backup = Backup(toy)
        await toy.nats.start()
        await say(service, range(20, 40))
        await at_rest(toy)
        yield service, backup


async def test_a_service_running_through_a_restore_notices_within_seconds(toy: Toy) -> None:
    async with with_twenty_and_a_backup(toy) as (service, backup):
        await toy.nats.stop()
        backup.put_back()
        await toy.nats.start()
        await halted(toy, service, "known up to")


async def test_a_service_started_after_a_restore_does_not_begin(toy: Toy) -> None:
    async with with_twenty_and_a_backup(toy) as (_, backup):
        pass
    await toy.nats.stop()
    backup.put_back()
    await toy.nats.start()
    async with toy.running() as service:
        await halted(toy, service, "known up to")


async def test_a_restored_stream_that_has_grown_past_the_checkpoint_is_found_out_by_the_id(
    toy: Toy,
) -> None:
    async with with_twenty_and_a_backup(toy) as (_, backup):
        pass
    await toy.nats.stop()
    backup.put_back()
    await toy.nats.start()
    async with toy.bus() as bus:
        await asyncio.gather(*(overgrow(bus, number) for number in range(60)))
    async with toy.running() as service:
        await halted(toy, service, "another message stands at")


async def overgrow(bus: Bus, number: int) -> Any:
    return await bus.publish("evt.03.stranger.shouted", b"{}", {"Nats-Msg-Id": f"s{number}"})


async def test_a_hole_in_the_log_is_noticed(toy: Toy) -> None:
    async with toy.running() as service:
        await say(service, range(20))
        await at_rest(toy)
    async with toy.bus() as bus:
        await bus.api("STREAM.MSG.DELETE.EVENTS", {"seq": 7, "no_erase": True})
    async with toy.running() as service:
        await halted(toy, service, "holes")
