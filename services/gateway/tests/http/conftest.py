"""The other services, as far as the gateway can tell: what they answer on NATS."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from dropship.contracts.catalogue import COMMANDS, QUERIES
from dropship.contracts.messages import Message
from dropship.runtime.asking import COMMAND_ID, OUTCOME, TENANT, Refusal, ask_subject

OWNERS = ("tracker", "scraper", "syncer", "policy", "analytics")
AT = datetime(2099, 3, 1, tzinfo=UTC)
TEXTS = (
    "0198c0de-0000-7000-8000-00000000000a",
    "0.20",
    "USD",
    "2026-03-01",
    "B0DGHRT7PQ",
    "seller@example.com",
    "https://example.com/products.csv",
    "shopify",
    "Bearer",
    "queued",
    "csv",
    "co.uk",
    "99",
)
"""Between them they have every form that a text of ours may have."""

BY_SUBJECT: dict[str, type[Message]] = {
    ask_subject(message): message
    for message in [*QUERIES.values(), *COMMANDS.values()]
    if hasattr(message, "answer")
}


def sample(type_: Any) -> Any:
    """A value of that type with nothing left out."""
    return _sample(inspect.type_info(type_))


def _sample(info: inspect.Type) -> Any:  # noqa: PLR0911 - one line for each kind
    match info:
        case inspect.Metadata(type=inner):
            return _sample(inner)
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: _sample(field.type) for field in fields})
        case inspect.UnionType(types=types):
            return _sample(types[0])
        case inspect.StrType(pattern=pattern):
            return next(text for text in TEXTS if re.search(pattern or "", text))
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_sample(item)]
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.EnumType(cls=enum):
            return next(iter(enum))
        case inspect.IntType(ge=least):
            return least or 0
        case inspect.DateTimeType():
            return AT
        case inspect.BoolType():
            return True
        case inspect.NoneType():
            return None
    raise AssertionError(f"no sample of {info}")


class Owners:
    """All other services. They read questions strictly, and remember what they were asked.

    With `belongs` set, whoever names a thing that is not theirs is told that there is none. What is
    in `instead` is said instead of an answer.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.belongs: dict[str, set[str]] | None = None
        self.instead: dict[str, Refusal | bytes] = {}

    async def reply(self, message: Any) -> None:
        subject, headers = message.subject, message.headers
        question = msgspec.json.decode(message.data, type=BY_SUBJECT[subject])
        named = msgspec.json.decode(message.data)
        self.asked.append((subject, named, headers))
        said = self.instead.get(subject.rpartition(".")[2])
        if said is None and self._foreign(named, headers[TENANT]):
            said = Refusal("not_found", "there is none", kind="not_found")
        if isinstance(said, Refusal):
            outcome = {OUTCOME: "retry" if said.after_s else "refused"}
            await self._client.publish(message.reply, msgspec.json.encode(said), headers=outcome)
            return
        answer: Any = type(question).answer  # type: ignore[attr-defined]
        ready = msgspec.json.encode(None if answer is None else sample(answer))
        await self._client.publish(message.reply, said or ready)

    def _foreign(self, named: dict[str, Any], tenant: str) -> bool:
        if self.belongs is None:
            return False
        ids = {value for name, value in named.items() if name.endswith("_id") and value}
        return not ids <= self.belongs.get(tenant, set())

    def told(self, token: str) -> list[dict[str, Any]]:
        """What was asked under this name."""
        return [named for subject, named, _ in self.asked if subject.endswith(f".{token}")]

    def commands(self, token: str) -> list[str]:
        """The ids of the commands of this name."""
        return [h[COMMAND_ID] for subject, _, h in self.asked if subject.endswith(f".{token}")]


@pytest.fixture
async def owners(gateway: Any) -> AsyncIterator[Owners]:
    client = gateway.service.bus.client
    owners = Owners(client)
    subscriptions = [await client.subscribe(f"ask.{name}.>", cb=owners.reply) for name in OWNERS]
    yield owners
    for subscription in subscriptions:
        await subscription.unsubscribe()
    await client.flush()


@pytest.fixture(name="sample", scope="session")
def sample_of() -> Any:
    return sample
