"""A command is done once, however often it is delivered, and a person hears when it cannot be."""

import asyncio
import json
from functools import partial

import pytest
from toy_relays import window_over
from toy_words import FetchToy
from toy_work import Does, ends, order, outcomes, queue_is_empty, raising, said

from dropship.runtime import claims, failpoints, workers, working
from dropship.runtime.bus import MSG_ID
from dropship.runtime.errors import Refused, Retry, Unreadable
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from dropship.runtime.working import Task
from toy_house import Toy


@pytest.fixture
def ack_wait() -> str:
    return "1s"


@pytest.fixture
def window() -> str:
    return "100ms"


async def test_a_command_whose_acknowledgement_was_lost_is_not_done_again(toy: Toy) -> None:
    does = Does()
    async with toy.running(does.wire()) as service:
        tell = service.bus.tell
        lost: list[str] = []

        async def losing(subject: str, payload: bytes = b"", reply: str = "") -> None:
            if payload == b"+ACK" and not lost:
                lost.append(subject)
                return
            await tell(subject, payload, reply)

        service.bus.tell = losing  # type: ignore[method-assign]
        await ends(toy, await order(service, "a"))
        await queue_is_empty(toy)
    assert lost
    assert does.begun == [("a", 1)]
    assert await outcomes(toy) == [("a", 1)]


async def test_a_command_that_is_in_the_queue_twice_is_done_once(toy: Toy) -> None:
    does = Does()
    async with toy.running(does.wire()) as service, toy.bus() as bus:
        id_ = await order(service, "a")
        await ends(toy, id_)
        await window_over(bus)
        subject, payload = (
            await toy.rows("SELECT subject, payload FROM journal WHERE stream = 'WORK'")
        )[0]
        again = await bus.publish(subject, bytes(payload), {MSG_ID: str(id_)})
        assert not again.duplicate
        await queue_is_empty(toy)
    assert does.begun == [("a", 1)]
    assert await outcomes(toy) == [("a", 1)]


async def test_a_command_that_never_comes_to_an_end_is_given_up_after_five_attempts(
    toy: Toy,
) -> None:
    given_up: list[str] = []

    async def give_up(task: Task[FetchToy], _tx: object, reason: str) -> None:
        given_up.append(f"{task.command.toy}: {reason}")

    does = Does(lambda task: _stall_for_ever())

    def wire(service: Service) -> None:
        service.does(FetchToy, does, plugin="tin", give_up=give_up)

    async with toy.running(wire) as service:
        id_ = await order(service, "a", job="j1")
        for attempt in range(1, 6):
            await eventually(partial(does.begun.__contains__, ("a", attempt)), within_s=10)
            await crash(service)
        await ends(toy, id_, "dead")
        await queue_is_empty(toy)
    assert [attempt for _, attempt in does.begun] == [1, 2, 3, 4, 5]
    assert given_up == ["a: gave up: it never came to an end"]
    assert len(await said(toy, "failed")) == 1
    assert await toy.value("SELECT count(*) FROM dead_commands") == 1


async def _stall_for_ever() -> None:
    await asyncio.Event().wait()


async def crash(service: Service) -> None:
    """All work in hand is lost at once, as when its process dies; the queue waits and retries."""
    mine = {"attend", "_keep_alive"}
    for task in asyncio.all_tasks():
        if (coroutine := task.get_coro()) is not None and coroutine.__name__ in mine:  # type: ignore[union-attr]
            task.cancel()
    assert service.working


async def test_when_the_world_is_ill_a_command_waits_as_long_as_asked_and_its_job_is_told(
    toy: Toy,
) -> None:
    does = Does(raising(Retry(0.7, "supplier_down")))
    async with toy.running(does.wire()) as service:
        loop = asyncio.get_running_loop()
        id_ = await order(service, "a", job="j1")
        await eventually(does.doing.is_set)
        first = loop.time()
        await ends(toy, id_)
        assert loop.time() - first > 0.65
    assert does.begun == [("a", 1), ("a", 2)]
    (retried,) = await said(toy, "retried")
    told = json.loads(retried)["data"]
    assert (told["reason"], told["job_id"], told["attempt"]) == ("supplier_down", "j1", 1)
    assert [json.loads(one)["data"]["attempt"] for one in await said(toy, "started")] == [1, 2]


async def test_a_command_without_a_job_says_nothing_about_its_work(toy: Toy) -> None:
    does = Does(raising(Retry(0.05, "supplier_down")))
    async with toy.running(does.wire()) as service:
        await ends(toy, await order(service, "a"))
    assert await said(toy, "retried") == await said(toy, "started") == []


async def test_a_world_that_stays_ill_ends_the_command_with_its_reason(toy: Toy) -> None:
    does = Does(raising(Retry(0.05, "supplier_down"), attempts=99))
    async with toy.running(does.wire()) as service:
        await ends(toy, await order(service, "a", job="j1"), "dead")
    assert len(does.begun) == working.ATTEMPTS
    (failed,) = await said(toy, "failed")
    assert json.loads(failed)["data"]["reason"] == "supplier_down"


@pytest.mark.parametrize(
    ("error", "state", "reason", "buried"),
    [(Refused("gone"), "refused", "gone", 0), (Unreadable("garbage"), "dead", "garbage", 1)],
)
async def test_a_refusal_or_garbage_ends_the_command_at_once(
    toy: Toy, error: Exception, state: str, reason: str, buried: int
) -> None:
    does = Does(raising(error, attempts=99))
    async with toy.running(does.wire()) as service:
        await ends(toy, await order(service, "a", job="j1"), state)
        await queue_is_empty(toy)
    assert len(does.begun) == 1
    (failed,) = await said(toy, "failed")
    assert json.loads(failed)["data"]["reason"] == reason
    assert await toy.value("SELECT count(*) FROM dead_commands") == buried
    assert await outcomes(toy) == []


async def test_a_command_that_cannot_be_read_is_parked_and_the_next_one_done(toy: Toy) -> None:
    does = Does()
    async with toy.running(does.wire()) as service, toy.bus() as bus:
        await bus.publish("work.toy.tin.now.fetch_toy", b"no command", {MSG_ID: "x"})
        await ends(toy, await order(service, "a"))
        await queue_is_empty(toy)

        async def told() -> bool:
            return (await bus.api("STREAM.INFO.DEAD"))["state"]["messages"] == 1

        await eventually(told)
    assert "unreadable" in await toy.value("SELECT cause FROM dead_commands")


async def test_a_dead_command_can_be_revived_even_when_a_job_was_told_of_it(toy: Toy) -> None:
    does = Does(raising(Unreadable("garbage")))
    async with toy.running(does.wire()) as service:
        id_ = await order(service, "a", job="j1")
        await ends(toy, id_, "dead")
        does.acts = None
        await claims.revive(service.database, str(id_))
        await ends(toy, id_)
        await queue_is_empty(toy)
        with pytest.raises(Refused, match="no dead command"):
            await claims.revive(service.database, str(id_))
    assert await outcomes(toy) == [("a", 1)]
    assert len(await said(toy, "started")) == 2


async def test_an_error_after_the_outcome_is_committed_does_not_repeat_it(toy: Toy) -> None:
    does = Does()
    async with toy.running(does.wire()) as service:
        failpoints.arm("working.outcome_committed=error", development=True)
        try:
            await ends(toy, await order(service, "a"))
            await queue_is_empty(toy)
        finally:
            failpoints.arm("", development=True)
    assert await outcomes(toy) == [("a", 1)]


async def test_an_error_of_the_loop_itself_does_not_end_the_work(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[bool] = []
    real = workers.Workers._next

    async def failing(self: workers.Workers, pullers: object) -> object:
        if not failed:
            failed.append(True)
            raise ConnectionResetError
        return await real(self, pullers)  # type: ignore[arg-type]

    monkeypatch.setattr(workers.Workers, "_next", failing)
    async with toy.running(Does().wire()) as service:
        await ends(toy, await order(service, "a"))
    assert failed
