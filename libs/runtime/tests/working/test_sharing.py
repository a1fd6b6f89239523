"""Workers share the queue: urgent first, long work kept, and nobody speaks for an overtaken one."""

import asyncio
from uuid import uuid5

import pytest
from toy_relays import all_marked
from toy_words import IDS, FetchToy, ListToy, Shop, cause
from toy_work import Does, ends, order, outcomes, queue_is_empty

from dropship.runtime import working
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy


@pytest.fixture
def ack_wait() -> str:
    return "1s"


async def test_what_is_wanted_now_overtakes_a_backlog_of_what_can_wait(toy: Toy) -> None:
    gate = asyncio.Event()
    does = Does(lambda task: gate.wait())
    async with toy.running(does.wire(width=1)) as service:
        await order(service, "first", lane="later")
        await eventually(does.doing.is_set)
        for number in range(20):
            await order(service, f"slow{number}", lane="later")
        urgent = await order(service, "urgent", lane="now")
        await eventually(lambda: all_marked(toy))
        gate.set()
        await ends(toy, urgent)
        before = [toy_ for toy_, _ in does.begun].index("urgent")
        await queue_is_empty(toy)
    assert before <= 2, "at most the one in hand and the one that lay ready come first"
    assert len(await outcomes(toy)) == 22


async def test_a_place_is_kept_free_for_what_is_wanted_now(toy: Toy) -> None:
    gate = asyncio.Event()
    does = Does(lambda task: gate.wait() if task.command.toy.startswith("slow") else None)
    async with toy.running(does.wire(width=3)) as service:
        for number in range(5):
            await order(service, f"slow{number}", lane="later")
        await eventually(lambda: len(does.begun) == 2)
        await ends(toy, await order(service, "urgent", lane="now"))
        assert len([t for t, _ in does.begun if t.startswith("slow")]) == 2
        gate.set()
        await queue_is_empty(toy)


async def test_long_work_is_not_given_to_another_while_its_worker_shows_life(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "HEARTBEAT_S", 0.2)
    loop = asyncio.get_running_loop()
    until = loop.time() + 2.5

    async def long() -> None:
        await eventually(lambda: loop.time() > until)

    does = Does(lambda task: long())
    async with (
        toy.running(does.wire(), name="toy-1") as service,
        toy.running(does.wire(), name="toy-2"),
    ):
        await ends(toy, await order(service, "a"))
        await queue_is_empty(toy)
    assert does.begun == [("a", 1)]


async def test_a_stalled_worker_that_was_overtaken_says_nothing(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second does it while the first is stalled; the first then ends, and is not believed."""
    monkeypatch.setattr(working, "HEARTBEAT_S", 60)
    stalled, slow = asyncio.Event(), asyncio.Event()
    does = Does(lambda task: stalled.wait() if task.attempt == 1 else slow.wait())
    async with toy.running(does.wire()) as service:
        id_ = await order(service, "a")
        await eventually(lambda: ("a", 2) in does.begun, within_s=10)
        monkeypatch.setattr(working, "HEARTBEAT_S", 0.1)
        stalled.set()
        slow.set()
        await ends(toy, id_)
        await queue_is_empty(toy)
    assert len(does.begun) == 2
    assert await outcomes(toy) == [("a", 2)]


async def test_an_overtaken_worker_does_not_call_a_third_one_to_the_work(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its refused outcome must not send the command round again while the second is at it."""
    stalled, slow = asyncio.Event(), asyncio.Event()
    does = Does(lambda task: stalled.wait() if task.attempt == 1 else slow.wait())
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(working, "HEARTBEAT_S", 60)
    async with toy.running(does.wire()) as service:
        id_ = await order(service, "a")
        await eventually(does.doing.is_set)
        monkeypatch.setattr(working, "HEARTBEAT_S", 0.1)
        await eventually(lambda: ("a", 2) in does.begun, within_s=10)
        stalled.set()
        until = loop.time() + 2.2
        await eventually(lambda: loop.time() > until)
        assert len(does.begun) == 2
        slow.set()
        await ends(toy, id_)
        await queue_is_empty(toy)
    assert await outcomes(toy) == [("a", 2)]


async def test_a_command_that_lay_about_in_a_busy_process_is_not_taken_from_who_does_it_now(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "HEARTBEAT_S", 0.2)
    busy_gate, other_gate = asyncio.Event(), asyncio.Event()
    busy = Does(lambda task: busy_gate.wait())
    other = Does(lambda task: other_gate.wait())
    async with toy.running(busy.wire(width=1), name="toy-1") as service:
        await order(service, "first")
        await eventually(busy.doing.is_set)
        id_ = await order(service, "second")
        async with toy.bus() as bus:

            async def lies_about() -> bool:
                state = await bus.api("CONSUMER.INFO.WORK.toy-tin-now")
                return state["num_ack_pending"] == 2

            await eventually(lies_about)
        async with toy.running(other.wire(width=1), name="toy-2"):
            await eventually(other.doing.is_set, within_s=10)
            busy_gate.set()
            await order(service, "third")
            await eventually(lambda: ("third", 1) in busy.begun)
            assert ("second", 2) not in busy.begun
            other_gate.set()
            await ends(toy, id_)
            await queue_is_empty(toy)
    assert ("second", 1) in await outcomes(toy)


async def test_what_lay_ready_in_a_leaving_process_goes_to_another_at_once(toy: Toy) -> None:
    gate = asyncio.Event()
    busy, other = Does(lambda task: gate.wait()), Does()
    async with toy.bus() as bus:
        found = (await bus.api("CONSUMER.INFO.WORK.toy-tin-now"))["config"]
        config = {**found, "ack_wait": 60_000_000_000}
        body = {"stream_name": "WORK", "config": config}
        await bus.api("CONSUMER.DURABLE.CREATE.WORK.toy-tin-now", body)
    async with toy.running(busy.wire(width=1), name="toy-1", drain_s=0.2) as service:
        await order(service, "first")
        await eventually(busy.doing.is_set)
        await order(service, "second")
        await eventually(lambda: all_marked(toy))
    async with toy.running(other.wire(), name="toy-2"):
        await eventually(lambda: ("second", 1) in other.begun, within_s=10)


async def test_two_kinds_of_commands_share_one_plugin_s_queues(toy: Toy) -> None:
    does = Does()

    def wire(service: Service) -> None:
        service.does(FetchToy, does, plugin="shop")
        service.effects(ListToy, Shop(service.database), plugin="shop")

    async with toy.running(wire) as service:
        async with service.database.transaction(cause(1)) as tx:
            for number in range(3):
                tx.order(
                    FetchToy(toy=f"read-{number}"),
                    plugin="shop",
                    lane="later",
                    command_id=uuid5(IDS, f"read-{number}"),
                )
                tx.order(
                    ListToy(toy=f"list-{number}"),
                    plugin="shop",
                    lane="now",
                    command_id=uuid5(IDS, f"list-{number}"),
                )

        async def all_done() -> bool:
            done = "SELECT count(*) FROM done_commands WHERE state = 'done'"
            return bool(await toy.value(done) == 6)

        await eventually(all_done)
    assert sorted(toy_ for toy_, _ in does.begun) == ["read-0", "read-1", "read-2"]


async def test_one_plugin_does_a_command_in_one_way(toy: Toy) -> None:
    service = Service("toy", toy.settings())
    service.does(FetchToy, Does(), plugin="tin")
    with pytest.raises(ValueError, match="'tin' does FetchToy already"):
        service.does(FetchToy, Does(), plugin="tin")


async def test_a_command_that_nobody_does_is_parked_for_a_person(toy: Toy) -> None:
    async with toy.running(Does().wire()) as service:
        async with service.database.transaction(cause(1)) as tx:
            tx.order(ListToy(toy="x"), plugin="tin", lane="now", command_id=uuid5(IDS, "x"))

        async def parked() -> bool:
            return bool(await toy.value("SELECT count(*) FROM dead_commands") == 1)

        await eventually(parked)
