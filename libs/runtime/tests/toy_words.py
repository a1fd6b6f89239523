"""What the made-up service says, hears, does and answers, in tests and in its processes."""

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID, uuid5

from dropship.contracts.ids import Id, partition_of
from dropship.contracts.messages import Command, Event, Query, Stream
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused
from dropship.runtime.failpoints import arm
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.service import Service
from dropship.runtime.working import Outcome, Task

IDS = UUID("00000000-0000-5000-8000-00000000abcd")

DDL = (
    "CREATE TABLE counters (id text PRIMARY KEY, version bigint NOT NULL)",
    "CREATE TABLE heard (id text PRIMARY KEY, times bigint NOT NULL, last bigint NOT NULL,"
    " broken boolean NOT NULL DEFAULT false)",
    "CREATE TABLE effects (id uuid NOT NULL, counter text NOT NULL, number bigint NOT NULL,"
    " place bigint GENERATED ALWAYS AS IDENTITY)",
    "CREATE TABLE outcomes (command uuid NOT NULL, toy text NOT NULL, attempt integer NOT NULL)",
    "CREATE TABLE shop (natural_key text NOT NULL, command uuid NOT NULL)",
)


class CounterMoved(Event, frozen=True, kw_only=True):
    """A counter of a toy moved; `number` is its version."""

    owner: ClassVar[str] = "toy"
    counter: Id
    number: int


class CounterSeen(Event, frozen=True, kw_only=True):
    """The same on OBSERVATIONS."""

    owner: ClassVar[str] = "toy"
    stream: ClassVar[Stream] = "OBSERVATIONS"
    counter: Id
    number: int


class ToyFetched(Event, frozen=True, kw_only=True):
    """What a doer says when it has ended."""

    owner: ClassVar[str] = "toy"
    toy: Id


class FetchToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only reads the outside."""

    owner: ClassVar[str] = "toy"
    toy: Id
    job_id: Id | None = None


class ListToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes the outside."""

    owner: ClassVar[str] = "toy"
    toy: Id
    job_id: Id | None = None


class PaintToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Obeyed from our own memory: moves the counter `toy` and orders `orders`."""

    owner: ClassVar[str] = "toy"
    toy: Id
    colour: str
    orders: bool = False


class WashToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looks like `PaintToy` and is another command."""

    owner: ClassVar[str] = "toy"
    toy: Id
    colour: str
    orders: bool = False


class ToyDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question."""

    owner: ClassVar[str] = "toy"
    answer: ClassVar[Any] = None
    toy: Id


def key_in(part: int, number: int = 0) -> str:
    """A key of that partition."""
    found = (k for i in range(100_000) if partition_of(k := f"k{i}") == part)
    for _ in range(number):
        next(found)
    return next(found)


def cause(number: int | str) -> Cause:
    """A derived cause, so that what is said has a derived id."""
    return Cause.first(uuid5(IDS, str(number)))


def fetch_id(asked: UUID) -> UUID:
    return uuid5(IDS, f"fetch/{asked}")


def list_id(asked: UUID) -> UUID:
    return uuid5(IDS, f"list/{asked}")


async def move(tx: Transaction, counter: str) -> int:
    """Move a counter and say so: the version is taken under the lock of its row."""
    row = await tx.fetch_one(
        "INSERT INTO counters (id, version) VALUES (%s, 1)"
        " ON CONFLICT (id) DO UPDATE SET version = counters.version + 1 RETURNING version",
        (counter,),
    )
    assert row is not None
    moved = CounterMoved(counter=counter, number=row[0])
    tx.say(moved, about=f"counter:{counter}", version=row[0], key=counter)
    return int(row[0])


async def remember(event: CounterMoved | CounterSeen, id_: str, tx: Transaction) -> None:
    """Keep every hearing of it, so that a doubled one shows."""
    await tx.execute(
        "INSERT INTO effects (id, counter, number) VALUES (%s, %s, %s)",
        (UUID(id_), event.counter, event.number),
    )
    await tx.execute(
        "INSERT INTO heard (id, times, last) VALUES (%(id)s, 1, %(n)s)"
        " ON CONFLICT (id) DO UPDATE SET times = heard.times + 1, last = %(n)s,"
        " broken = heard.broken OR %(n)s <> heard.last + 1",
        {"id": event.counter, "n": event.number},
    )


async def count(heard: Heard[CounterMoved], tx: Transaction) -> None:
    await remember(heard.event, heard.envelope.id, tx)


async def count_seen(heard: Heard[CounterSeen], tx: Transaction) -> None:
    await remember(heard.event, heard.envelope.id, tx)


async def paint(asked: Asked[PaintToy], tx: Transaction) -> bytes:
    """Obey: move the counter, and order both kinds of command if asked to."""
    version = await move(tx, asked.question.toy)
    if asked.question.orders:
        toy = f"t{asked.command_id.hex}"
        fetch, list_ = FetchToy(toy=toy), ListToy(toy=toy)
        tx.order(fetch, plugin="tin", lane="now", command_id=fetch_id(asked.command_id))
        tx.order(list_, plugin="shop", lane="soon", command_id=list_id(asked.command_id))
    return b'{"version":%d}' % version


async def fetch(task: Task[FetchToy]) -> Outcome:
    return ended(task)


def ended(task: Task[Any]) -> Outcome:
    """The outcome of any toy command: a row without a key, and a fact."""

    async def outcome(tx: Transaction) -> None:
        await tx.execute(
            "INSERT INTO outcomes (command, toy, attempt) VALUES (%s, %s, %s)",
            (task.command_id, task.command.toy, task.attempt),
        )
        fetched = ToyFetched(toy=task.command.toy)
        tx.say(fetched, about=f"outcome:{task.command_id}", version=1, key=task.command.toy)

    return outcome


class Shop:
    """The outside world: a ledger that takes whatever it is told, even twice."""

    deadline_s = 0.8
    read_lag_s = 0.2

    def __init__(self, database: Database) -> None:
        self.database = database

    def natural_key(self, command: ListToy) -> str:
        return command.toy

    async def call(self, task: Task[ListToy]) -> Outcome:
        async with self.database.connection() as outside:
            await outside.execute(
                "INSERT INTO shop (natural_key, command) VALUES (%s, %s)",
                (task.command.toy, task.command_id),
            )
        return ended(task)

    async def find(self, task: Task[ListToy]) -> Outcome | None:
        async with self.database.connection() as outside:
            cursor = await outside.execute(
                "SELECT 1 FROM shop WHERE natural_key = %s", (task.command.toy,)
            )
            return ended(task) if await cursor.fetchone() else None


async def details(asked: Asked[ToyDetails], database: Database) -> bytes:
    row = await database.fetch_one(
        "SELECT version FROM counters WHERE id = %s", (asked.question.toy,)
    )
    if row is None:
        raise Refused("unknown_toy", f"no toy {asked.question.toy}", kind="not_found", field="toy")
    return b'{"version":%d}' % row[0]


def wire(service: Service) -> None:
    """All that the toy does, as an `app.py` would say it."""
    service.hears(count)
    service.does(FetchToy, fetch, plugin="tin")
    service.effects(ListToy, Shop(service.database), plugin="shop")
    service.obeys(PaintToy, paint)
    service.answers(ToyDetails, details)
    service.lives_with(lambda: armed_from_afar(service))


def armed_from_afar(service: Service) -> AbstractAsyncContextManager[None]:
    """Let a test arm failpoints in a process that runs."""

    @asynccontextmanager
    async def listening() -> Any:
        async def told(message: Any) -> None:
            arm(message.data.decode(), development=True)
            await service.bus.tell(message.reply)

        await service.bus.listen(f"arm.{service.settings.replica}", told)
        yield

    return listening()
