"""Asking the owners: a route's words become a question, and the owner's bytes become the answer."""

from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from dropship.contracts.ids import uuid7
from dropship.contracts.messages import Command, Query
from dropship.contracts.policies import PolicyDetails
from dropship.contracts.products import ProductDetails
from dropship.contracts.stores import StoreDetails
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, B, Call, Q, Run
from dropship.gateway.http.problems import FieldError, ProblemFound
from dropship.runtime.errors import Refused

Asked = type[Query] | type[Command]
_PROOFS: dict[str, type[Query]] = {
    "product_id": ProductDetails,
    "store_id": StoreDetails,
    "policy_id": PolicyDetails,
}
"""Which question shows that a thing named in a query or body is the tenant's."""


class _Made(Struct, frozen=True):
    """What every answer about something new begins with."""

    id: str


def asks(message: Asked, *, naming: tuple[str, ...] = (), shown_at: str | None = None) -> Run:
    """A route that only passes on: what the caller wrote to the owner, the owner's bytes back.

    Path, query and body carry the names of the message's fields. `naming` are those whose things
    must first be shown to be the tenant's (see `check_owned`). `shown_at` is where the answer's
    `id` is found from now on; it becomes the Location header.
    """

    async def run(desk: Desk, call: Call[Q, B]) -> Answer:
        await check_owned(desk, call, *naming)
        answer = await ask(desk, call, worded(message, call))
        return answered(message, answer, shown_at)

    return run


def answered(message: Asked, answer: bytes, shown_at: str | None = None) -> Answer:
    """The owner's bytes as a route's answer; nothing for a command that answers nothing."""
    content = None if getattr(message, "answer", None) is None else answer
    if shown_at is None:
        return Answer(content)
    made = msgspec.json.decode(answer, type=_Made)
    return Answer(content, {"location": f"{shown_at}/{made.id}"})


def worded(message: Asked, call: Call[Q, B]) -> Query | Command:
    """The question in the owner's words; what the caller left out is left out."""
    given = {**call.path, **msgspec.to_builtins(call.query), **msgspec.to_builtins(call.body)}
    return msgspec.convert(given, message)


async def ask(desk: Desk, call: Call[Q, B], question: Query | Command) -> bytes:
    """Commands are done once per Idempotency-Key: the key gives the command its id."""
    caller = call.caller
    command_id = None
    if isinstance(question, Command):
        command_id = uuid5(UUID(caller.tenant), call.key) if call.key else uuid7()
    return await desk.asker.ask(
        question, tenant=caller.tenant, actor=caller.user, command_id=command_id
    )


async def check_owned(desk: Desk, call: Call[Q, B], *names: str) -> None:
    """Make sure that what query or body names is the tenant's. Raises ProblemFound (404).

    A stranger's thing and one that is not there look the same.
    """
    for name in names:
        proof = _PROOFS[name]
        identity = getattr(call.query, name, None) or getattr(call.body, name, None)
        if not identity:
            continue
        try:
            await ask(desk, call, msgspec.convert({name: identity}, proof))
        except Refused as refused:
            if refused.kind != "not_found":
                raise
            mistake = FieldError(name, "names nothing of yours")
            raise ProblemFound("not_found", f"{name} {mistake.detail}", [mistake]) from None
