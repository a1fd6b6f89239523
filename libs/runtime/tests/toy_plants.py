"""Bugs that somebody could write any day, planted one at a time so that the checker is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from toy_scenes import (
    Scene,
    answer_is_lost,
    called_without_an_answer,
    commits_out_of_order,
    delivered_twice,
    fails_before_its_commit,
    fails_before_its_outcome,
    fails_before_the_answer_is_kept,
    killed_before_marking,
    killed_before_publishing,
    moves,
    one_event_is_poison,
    overtaken,
    restarted,
    two_leaders,
    two_writers_of_one_thing,
    zombie,
)
from toy_words import CounterMoved

from dropship.runtime import asking, claims, hearing
from dropship.runtime.asking import Asker
from dropship.runtime.bus import Entry
from dropship.runtime.hearing import Delivery, Hearing
from dropship.runtime.journal import Transaction
from dropship.runtime.relay import Relay, Row
from dropship.runtime.working import Working

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Plant:
    """A bug, the disaster that brings it out, and what the checker must say."""

    name: str
    scene: Scene
    plant: Callable[[Patch], None]
    seen_as: str


def read_back_skipped(patch: Patch) -> None:
    async def nothing(self: Relay, mark: Any) -> None: ...

    patch.setattr(Relay, "_read_back", nothing)


def random_message_id(patch: Patch) -> None:
    def row(position: int, entry: Entry) -> Row:
        return Row(position, Entry(entry.subject, entry.payload, uuid4()))

    patch.setattr("dropship.runtime.relay.Row", row)


def mark_before_publish(patch: Patch) -> None:
    real = Relay._timed_publish

    async def marked_first(self: Relay, rows: list[Row]) -> list[int]:
        guess = [self._epoch + 1 + n for n in range(len(rows))]
        await self._mark(rows, guess)
        return await real(self, rows)

    patch.setattr(Relay, "_timed_publish", marked_first)


def no_fence(patch: Patch) -> None:
    async def bare(self: Relay, rows: list[Row]) -> list[int]:
        if len(rows) == 1:
            return [await self._publish_one(rows[0].entry, {})]
        last = await self._bus.publish_batch([row.entry for row in rows], {})
        return list(range(last - len(rows) + 1, last + 1))

    patch.setattr(Relay, "_publish", bare)


def remembered_position(patch: Patch) -> None:
    real = Relay._execute
    last = 0

    async def beyond(self: Relay, sql: str, params: Any, **more: Any) -> list[Any]:
        nonlocal last
        rows = await real(self, sql, params, **more)
        if "SELECT position, id" not in sql:
            return rows
        rows = [row for row in rows if row[0] > last]
        last = max([last, *(row[0] for row in rows)])
        return rows

    patch.setattr(Relay, "_execute", beyond)


def version_without_the_lock(patch: Patch) -> None:
    versions = iter(range(1, 100))

    async def move(tx: Transaction, counter: str) -> int:
        version = next(versions)
        moved = CounterMoved(counter=counter, number=version)
        tx.say(moved, about=f"counter:{counter}", version=version, key=counter)
        return version

    patch.setitem(moves, "move", move)


async def _unlocked(self: Hearing, tx: Transaction, parts: list[int]) -> None: ...


def checkpoint_outside_the_transaction(patch: Patch) -> None:
    real = Hearing._advance

    async def outside(
        self: Hearing, tx: Transaction, parts: list[int], deliveries: list[Delivery], everyone: bool
    ) -> Any:
        async with self._database.transaction() as other:
            return await real(self, other, parts, deliveries, everyone)

    patch.setattr(Hearing, "_lock", _unlocked)
    patch.setattr(Hearing, "_advance", outside)


def checkpoint_only_remembered(patch: Patch) -> None:
    real = Hearing._advance

    async def forgotten(
        self: Hearing, tx: Transaction, parts: list[int], deliveries: list[Delivery], everyone: bool
    ) -> Any:
        async with tx.connection.transaction(force_rollback=True):
            return await real(self, tx, parts, deliveries, everyone)

    patch.setattr(Hearing, "_advance", forgotten)


def checkpoint_without_comparing(patch: Patch) -> None:
    async def blind(
        self: Hearing, tx: Transaction, parts: list[int], deliveries: list[Delivery], everyone: bool
    ) -> Any:
        moved = {}
        for delivery in deliveries:
            id_ = hearing._message_id(delivery.message)
            moved[delivery.part] = hearing.Mark("", delivery.place.seq, id_)
            await tx.execute(
                "UPDATE checkpoint SET seq = %s, id = %s WHERE part = %s",
                (delivery.place.seq, id_, delivery.part),
            )
        return {p: hearing.Mark(self._known[p].generation, m.seq, m.id) for p, m in moved.items()}

    patch.setattr(Hearing, "_lock", _unlocked)
    patch.setattr(Hearing, "_advance", blind)


def parked_hold_nothing_back(patch: Patch) -> None:
    async def nobody(*_: Any) -> set[str]:
        return set()

    patch.setattr(hearing, "parked_keys", nobody)


def acknowledged_before_the_outcome(patch: Patch) -> None:
    real = Working._settle

    async def hasty(self: Working, message: Any) -> str:
        await self._bus.tell(message.reply, b"+ACK")
        return await real(self, message)

    patch.setattr(Working, "_settle", hasty)


def done_commands_not_consulted(patch: Patch) -> None:
    async def take(tx: Transaction, wanted: claims.Wanted) -> claims.Claim:
        row = await tx.fetch_one(
            "INSERT INTO done_commands (id, name, state, attempt, owner)"
            " VALUES (%s, %s, 'doing', 1, '')"
            " ON CONFLICT (id) DO UPDATE SET state = 'doing', attempt = done_commands.attempt + 1"
            " RETURNING attempt",
            (wanted.id, wanted.name),
        )
        assert row is not None
        return claims.Claim(row[0], wanted.settle_at, again=False)

    patch.setattr(claims, "take", take)


def outcome_without_comparing(patch: Patch) -> None:
    async def finish(tx: Transaction, command_id: UUID, attempt: int, state: str) -> None:
        await tx.execute("UPDATE done_commands SET state = %s WHERE id = %s", (state, command_id))

    patch.setattr(claims, "finish", finish)


def effect_repeated_blindly(patch: Patch) -> None:
    real = claims.take

    async def blind(tx: Transaction, wanted: claims.Wanted) -> claims.Claim | None:
        claim = await real(tx, wanted)
        return claim and claims.Claim(claim.attempt, claim.settle_at, again=False)

    patch.setattr(claims, "take", blind)


def random_command_id(patch: Patch) -> None:
    real = Asker.ask

    async def ask(self: Asker, question: Any, **more: Any) -> bytes:
        return await real(self, question, **{**more, "command_id": uuid4()})

    patch.setattr(Asker, "ask", ask)


def answer_kept_outside_the_transaction(patch: Patch) -> None:
    real = asking.stored_answer

    async def committed(self: asking.Asking, asked: Any, obeyer: Any) -> bytes:
        name = asked.question.wire_type().encode()
        async with self._database.transaction() as before:
            stored = await real(before, asked.command_id, name)
        if stored is not None:
            return stored
        async with self._database.transaction(command_id=asked.command_id) as tx:
            answer = asking.to_bytes(await obeyer(asked, tx))
            await asking.failpoint("asking.before_commit")
        return answer

    patch.setattr(asking.Asking, "_obey", committed)


TWICE, LOST, ENDED_TWICE = "twice in the stream", "lost on the way", "outcomes twice"
HEARD_TWICE, NOT_ONCE = "heard twice", "without exactly one effect"
PLANTS = (
    Plant("read-back skipped", killed_before_marking, read_back_skipped, TWICE),
    Plant("random message id", killed_before_marking, random_message_id, "in no journal"),
    Plant("mark before publish", killed_before_publishing, mark_before_publish, LOST),
    Plant("no fence headers", zombie, no_fence, TWICE),
    Plant("remembered position", commits_out_of_order, remembered_position, LOST),
    Plant(
        "version taken without the lock",
        two_writers_of_one_thing,
        version_without_the_lock,
        "out of order in the stream",
    ),
    Plant(
        "checkpoint outside the transaction",
        fails_before_its_commit,
        checkpoint_outside_the_transaction,
        "never heard",
    ),
    Plant("checkpoint only remembered", restarted, checkpoint_only_remembered, HEARD_TWICE),
    Plant("checkpoint without comparing", two_leaders, checkpoint_without_comparing, HEARD_TWICE),
    Plant(
        "parked hold nothing back",
        one_event_is_poison,
        parked_hold_nothing_back,
        "heard out of order",
    ),
    Plant(
        "acknowledged before the outcome",
        fails_before_its_outcome,
        acknowledged_before_the_outcome,
        "not brought to their end",
    ),
    Plant("done_commands not consulted", delivered_twice, done_commands_not_consulted, ENDED_TWICE),
    Plant("outcome without comparing", overtaken, outcome_without_comparing, ENDED_TWICE),
    Plant(
        "effect repeated blindly",
        called_without_an_answer,
        effect_repeated_blindly,
        "done twice outside",
    ),
    Plant("random command id", answer_is_lost, random_command_id, NOT_ONCE),
    Plant(
        "answer kept outside the transaction",
        fails_before_the_answer_is_kept,
        answer_kept_outside_the_transaction,
        NOT_ONCE,
    ),
)
