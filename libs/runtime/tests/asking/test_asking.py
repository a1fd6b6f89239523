"""Asking an owner: one answer per command id, and a clear word when there is none."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from toy_checks import Promised, at_rest, violations
from toy_words import PaintToy, ToyDetails, WashToy, cause, move, wire

from dropship.runtime import failpoints
from dropship.runtime.asking import Asked
from dropship.runtime.errors import NoAnswer, Refused, Retry
from dropship.runtime.journal import Transaction
from dropship.runtime.service import Service
from toy_house import Toy

RED, BLUE = PaintToy(toy="a", colour="red"), PaintToy(toy="a", colour="blue")


async def test_a_question_is_answered_from_memory_and_the_unknown_is_refused(toy: Toy) -> None:
    async with toy.running(wire) as service, toy.asker() as asker:
        async with service.database.transaction(cause(1)) as tx:
            await move(tx, "a")
        assert await asker.ask(ToyDetails(toy="a"), tenant="t") == b'{"version":1}'
        with pytest.raises(Refused) as refused:
            await asker.ask(ToyDetails(toy="zz"), tenant="t")
    assert (refused.value.kind, refused.value.field) == ("not_found", "toy")


async def test_the_same_command_gets_the_same_answer_and_is_obeyed_once(toy: Toy) -> None:
    id_ = uuid4()
    async with toy.running(wire), toy.asker() as asker:
        first = await asker.ask(RED, tenant="t", command_id=id_)
        other = await asker.ask(BLUE, tenant="t", command_id=uuid4())
        again = await asker.ask(RED, tenant="t", command_id=id_)
        assert (first, other, again) == (b'{"version":1}', b'{"version":2}', first)
        await at_rest(toy)
    assert await violations(toy, Promised(asked={id_}, moves=2, ordering=False)) == []


async def test_the_same_id_with_another_body_is_refused(toy: Toy) -> None:
    id_ = uuid4()
    async with toy.running(wire), toy.asker() as asker:
        await asker.ask(RED, tenant="t", command_id=id_)
        with pytest.raises(Refused) as refused:
            await asker.ask(BLUE, tenant="t", command_id=id_)
    assert refused.value.kind == "key_reused"
    assert await toy.value("SELECT version FROM counters") == 1


async def test_the_same_id_with_another_command_of_the_same_shape_is_refused(toy: Toy) -> None:
    async def wash(asked: Asked[WashToy], tx: Transaction) -> bytes:
        return b'"washed"'

    def wire_both(service: Service) -> None:
        wire(service)
        service.obeys(WashToy, wash)

    id_ = uuid4()
    async with toy.running(wire_both), toy.asker() as asker:
        await asker.ask(RED, tenant="t", command_id=id_)
        with pytest.raises(Refused) as refused:
            await asker.ask(WashToy(toy="a", colour="red"), tenant="t", command_id=id_)
    assert refused.value.kind == "key_reused"


async def test_ten_at_once_with_one_id_are_obeyed_once(toy: Toy) -> None:
    id_ = uuid4()
    async with (
        toy.running(wire, name="toy-1", pool_size=12),
        toy.running(wire, name="toy-2", pool_size=12),
        toy.asker() as asker,
    ):
        answers = await asyncio.gather(
            *(asker.ask(RED, tenant="t", command_id=id_, deadline_s=10) for _ in range(10))
        )
        await at_rest(toy)
    assert set(answers) == {b'{"version":1}'}
    assert await violations(toy, Promised(asked={id_}, moves=1, ordering=False)) == []


async def test_a_command_that_fails_leaves_no_answer_behind(toy: Toy) -> None:
    tries: list[int] = []

    async def moody(asked: Asked[PaintToy], tx: Transaction) -> bytes:
        tries.append(1)
        await move(tx, "a")
        if len(tries) == 1:
            raise Refused("mood", "not today", kind="conflict")
        return b"1"

    id_ = uuid4()
    async with toy.running(lambda s: s.obeys(PaintToy, moody)), toy.asker() as asker:
        with pytest.raises(Refused, match="not today"):
            await asker.ask(RED, tenant="t", command_id=id_)
        assert await asker.ask(RED, tenant="t", command_id=id_) == b"1"
    assert await toy.value("SELECT version FROM counters") == 1


@pytest.mark.parametrize("point", ["asking.before_commit", "asking.committed"])
async def test_an_error_around_the_commit_can_be_asked_again_with_the_same_id(
    toy: Toy, point: str
) -> None:
    id_ = uuid4()
    async with toy.running(wire), toy.asker() as asker:
        failpoints.arm(f"{point}=error", development=True)
        try:
            with pytest.raises(Retry):
                await asker.ask(RED, tenant="t", command_id=id_)
            assert await asker.ask(RED, tenant="t", command_id=id_) == b'{"version":1}'
        finally:
            failpoints.arm("", development=True)
        await at_rest(toy)
    assert await violations(toy, Promised(asked={id_}, moves=1, ordering=False)) == []


async def test_nobody_there_is_said_at_once_with_the_owner_s_name(toy: Toy) -> None:
    loop = asyncio.get_running_loop()
    async with toy.asker() as asker:
        asked_at = loop.time()
        with pytest.raises(NoAnswer) as silence:
            await asker.ask(ToyDetails(toy="a"), tenant="t", deadline_s=30)
    assert silence.value.owner == "toy"
    assert loop.time() - asked_at < 5


async def test_an_owner_that_is_too_slow_is_named_after_the_deadline(toy: Toy) -> None:
    gate = asyncio.Event()

    async def slow(asked: Asked[ToyDetails], database: Any) -> bytes:
        await gate.wait()
        return b"1"

    async with toy.running(lambda s: s.answers(ToyDetails, slow)), toy.asker() as asker:
        with pytest.raises(NoAnswer, match="toy does not answer"):
            await asker.ask(ToyDetails(toy="a"), tenant="t", deadline_s=0.2)
        gate.set()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"toy": 7, "colour": "red"}', "toy"),
        (b'{"toy": "not safe", "colour": "red"}', "toy"),
        (b'{"toy": "a"}', "colour"),
        (b'{"toy": "a", "colour": "red", "size": 1}', "size"),
        (b"not json", None),
    ],
)
async def test_what_is_wrong_with_a_question_is_named(
    toy: Toy, body: bytes, field: str | None
) -> None:
    async with toy.running(wire), toy.asker() as asker:
        with pytest.raises(Refused) as refused:
            await asker.ask_raw("ask.toy.paint_toy", body, {})
    assert (refused.value.kind, refused.value.field) == ("invalid", field)


async def test_a_command_id_that_is_none_is_refused_by_name(toy: Toy) -> None:
    async with toy.running(wire), toy.asker() as asker:
        with pytest.raises(Refused) as refused:
            await asker.ask_raw(
                "ask.toy.paint_toy", b'{"toy":"a","colour":"b"}', {"Dropship-Command-Id": "seven"}
            )
    assert refused.value.field == "Dropship-Command-Id"


async def test_a_database_that_cannot_be_reached_means_ask_again_later(toy: Toy) -> None:
    async with toy.running(wire) as service, toy.asker() as asker:
        held = [service.database.connection() for _ in range(8)]
        for connection in held:
            await connection.__aenter__()
        try:
            with pytest.raises(Retry) as busy:
                await asker.ask(RED, tenant="t", deadline_s=10)
            assert busy.value.reason == "database_busy"
        finally:
            for connection in held:
                await connection.__aexit__(None, None, None)


async def test_a_connection_that_breaks_under_a_command_means_ask_again_later(toy: Toy) -> None:
    async def cut_off(asked: Asked[PaintToy], tx: Transaction) -> bytes:
        await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return b"1"

    async with toy.running(lambda s: s.obeys(PaintToy, cut_off)), toy.asker() as asker:
        with pytest.raises(Retry) as lost:
            await asker.ask(RED, tenant="t", deadline_s=10)
    assert lost.value.reason == "database_unavailable"


async def test_what_a_command_causes_names_its_asker_as_the_cause(toy: Toy) -> None:
    id_ = uuid4()
    async with toy.running(wire), toy.asker() as asker:
        await asker.ask(RED, tenant="t1", actor="u1", command_id=id_)
    (envelope,) = await toy.rows(
        "SELECT convert_from(payload, 'UTF8')::json ->> 'causationid',"
        " convert_from(payload, 'UTF8')::json ->> 'tenant',"
        " convert_from(payload, 'UTF8')::json ->> 'actor' FROM journal"
    )
    assert envelope == (str(id_), "t1", "u1")
