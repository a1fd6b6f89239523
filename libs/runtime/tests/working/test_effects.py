"""What changes the outside world is looked up there before it is ever done again."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from toy_words import ListToy, ended
from toy_work import ends, lists, order_listing, outcomes, queue_is_empty

from dropship.runtime import claims, failpoints, working
from dropship.runtime.errors import Unknown
from dropship.runtime.testing import eventually
from dropship.runtime.working import Outcome, Task
from toy_house import Toy


@pytest.fixture
def ack_wait() -> str:
    return "1s"


@dataclass
class Market:
    """An outside world in memory that can do what it is told and keep silent about it."""

    deadline_s: float = 0.4
    read_lag_s: float = 0.3
    silent_calls: int = 0
    lost_calls: int = 0
    slow_finds: int = 0
    listed: list[str] = field(default_factory=list)
    calls: list[tuple[str, int, float]] = field(default_factory=list)
    found: list[tuple[str, int, float]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    def natural_key(self, command: ListToy) -> str:
        return command.toy

    async def call(self, task: Task[ListToy]) -> Outcome:
        self.calls.append((task.command.toy, task.attempt, _now()))
        if self.hold is not None:
            await self.hold.wait()
        if self.lost_calls:
            self.lost_calls -= 1
            raise Unknown("cut off")
        self.listed.append(task.command.toy)
        if self.silent_calls:
            self.silent_calls -= 1
            await asyncio.Event().wait()
        return ended(task)

    async def find(self, task: Task[ListToy]) -> Outcome | None:
        self.found.append((task.command.toy, task.attempt, _now()))
        if self.slow_finds:
            self.slow_finds -= 1
            await asyncio.Event().wait()
        return ended(task) if task.command.toy in self.listed else None


def _now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_call_that_timed_out_after_it_happened_is_found_and_not_repeated(toy: Toy) -> None:
    market = Market(silent_calls=1)
    async with toy.running(lists(market)) as service:
        await ends(toy, await order_listing(service, "a"))
        await queue_is_empty(toy)
    assert market.listed == ["a"]
    assert [attempt for _, attempt, _ in market.found] == [2]
    assert await outcomes(toy) == [("a", 2)]
    settled = market.found[0][2] - market.calls[0][2]
    assert settled >= market.deadline_s + market.read_lag_s - 0.1, "not before it can be known"


async def test_a_call_that_did_not_happen_is_not_found_and_then_repeated(toy: Toy) -> None:
    market = Market(lost_calls=1)
    async with toy.running(lists(market)) as service:
        await ends(toy, await order_listing(service, "a"))
        await queue_is_empty(toy)
    assert market.listed == ["a"]
    assert len(market.calls) == 2
    assert [attempt for _, attempt, _ in market.found] == [2]


async def test_looking_outside_has_an_end_too(toy: Toy) -> None:
    market = Market(silent_calls=1, slow_finds=1)
    async with toy.running(lists(market)) as service:
        await ends(toy, await order_listing(service, "a"))
    assert market.listed == ["a"]
    assert [attempt for _, attempt, _ in market.found] == [2, 3]


@pytest.mark.parametrize("point", ["working.called", "working.before_outcome"])
async def test_an_error_between_the_call_and_its_outcome_does_not_repeat_the_call(
    toy: Toy, point: str
) -> None:
    market = Market()
    async with toy.running(lists(market)) as service:
        failpoints.arm(f"{point}=error", development=True)
        try:
            await ends(toy, await order_listing(service, "a"))
        finally:
            failpoints.arm("", development=True)
    assert market.listed == ["a"]
    assert await outcomes(toy) == [("a", 2)]


async def test_two_commands_for_one_natural_key_are_never_in_the_outside_at_once(toy: Toy) -> None:
    gate = asyncio.Event()
    market = Market(hold=gate, deadline_s=5)
    async with (
        toy.running(lists(market), name="toy-1") as one,
        toy.running(lists(market), name="toy-2"),
    ):
        first = await order_listing(one, "a", 1)
        await eventually(lambda: market.calls)
        second = await order_listing(one, "a", 2)

        async def turned_away() -> bool:
            async with toy.bus() as bus:
                state = await bus.api("CONSUMER.INFO.WORK.toy-shop-now")
            return int(state["num_redelivered"]) > 0 or int(state["delivered"]["consumer_seq"]) > 2

        await eventually(turned_away)
        assert len(market.calls) == 1
        gate.set()
        await ends(toy, first)
        await ends(toy, second)
    assert len(market.calls) == 2


async def test_a_worker_that_slept_past_its_time_does_not_call_any_more(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It claimed, slept, and another has looked and done it since: its call would be the second."""
    monkeypatch.setattr(working, "HEARTBEAT_S", 60)
    market = Market()
    gate = asyncio.Event()
    real = working.Working._do
    slept: list[Any] = []

    async def sleepy(self: working.Working, message: Any, task: Task[Any], claim: Any) -> str:
        if task.attempt == 1:
            await gate.wait()
        try:
            return await real(self, message, task, claim)
        finally:
            slept.append(task.attempt)

    monkeypatch.setattr(working.Working, "_do", sleepy)
    async with toy.running(lists(market)) as service:
        id_ = await order_listing(service, "a")
        await ends(toy, id_)
        gate.set()
        await eventually(lambda: 1 in slept)
        await queue_is_empty(toy)
    assert market.listed == ["a"]
    assert await outcomes(toy) == [("a", 2)]


async def test_a_revived_effect_is_looked_up_before_it_is_tried_again(toy: Toy) -> None:
    """It was given up in doubt, and had happened all the same."""
    market = Market(deadline_s=0.2, read_lag_s=0.05, silent_calls=1, slow_finds=99)
    async with toy.running(lists(market)) as service:
        id_ = await order_listing(service, "a")
        await ends(toy, id_, "dead", within_s=25)
        assert market.listed == ["a"]
        market.slow_finds = 0
        await claims.revive(service.database, str(id_))
        await ends(toy, id_)
    assert market.listed == ["a"]
