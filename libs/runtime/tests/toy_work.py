"""Ordering and doing toy commands in the tests of working."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from toy_words import IDS, FetchToy, ListToy, cause, ended

from dropship.contracts.messages import Lane
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from dropship.runtime.working import Effect, Outcome, Task
from toy_house import Toy


@dataclass
class Does:
    """A doer that notes what it does; `acts` decides what happens at each attempt."""

    acts: Callable[[Task[Any]], Any] | None = None
    begun: list[tuple[str, int]] = field(default_factory=list)
    doing: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, task: Task[FetchToy]) -> Outcome:
        self.begun.append((task.command.toy, task.attempt))
        self.doing.set()
        if self.acts is not None:
            result = self.acts(task)
            if asyncio.iscoroutine(result):
                await result
        return ended(task)

    def wire(self, width: int = 4) -> Callable[[Service], None]:
        return lambda s: s.does(FetchToy, self, plugin="tin", width=width)


def raising(error: Exception, attempts: int = 1) -> Callable[[Task[Any]], None]:
    def act(task: Task[Any]) -> None:
        if task.attempt <= attempts:
            raise error

    return act


def lists(effect: Effect) -> Callable[[Service], None]:
    return lambda s: s.effects(ListToy, effect, plugin="shop")


async def order(
    toy_service: Service, toy: str, *, lane: Lane = "now", job: str | None = None
) -> UUID:
    """Order one FetchToy; its id is derived from the toy's name."""
    id_ = uuid5(IDS, f"order/{toy}")
    async with toy_service.database.transaction(cause(toy)) as tx:
        tx.order(FetchToy(toy=toy, job_id=job), plugin="tin", lane=lane, command_id=id_)
    return id_


async def order_listing(toy_service: Service, toy: str, number: int = 1) -> UUID:
    id_ = uuid5(IDS, f"listing/{toy}/{number}")
    async with toy_service.database.transaction(cause(f"{toy}/{number}")) as tx:
        tx.order(ListToy(toy=toy), plugin="shop", lane="now", command_id=id_)
    return id_


async def ends(toy: Toy, command: UUID, state: str = "done", within_s: float = 15) -> None:
    async def is_so() -> bool:
        found = await toy.rows("SELECT state FROM done_commands WHERE id = %s", (command,))
        return found == [(state,)]

    await eventually(is_so, within_s=within_s, what=f"{command} is {state}")


async def queue_is_empty(toy: Toy) -> None:
    """Everything in WORK has been acknowledged."""
    async with toy.bus() as bus:

        async def empty() -> bool:
            return (await bus.api("STREAM.INFO.WORK"))["state"]["messages"] == 0

        await eventually(empty, what="an empty queue", within_s=15)


async def outcomes(toy: Toy) -> list[tuple[str, int]]:
    rows = await toy.rows("SELECT toy, attempt FROM outcomes ORDER BY toy, attempt")
    return [(row[0], row[1]) for row in rows]


async def said(toy: Toy, verb: str) -> list[str]:
    rows = await toy.rows(
        "SELECT convert_from(payload, 'UTF8') FROM journal WHERE subject LIKE %s ORDER BY position",
        (f"evt.%.work.{verb}",),
    )
    return [row[0] for row in rows]
