"""What takes longer than a transaction may last is split, and parked only when it stands alone."""

from collections.abc import Callable, Sequence

import pytest
from toy_checks import Promised, at_rest, violations
from toy_words import CounterMoved, cause, key_in, move, remember

from dropship.runtime import database, hearing
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy

LIMIT_S = 1.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "AGAIN_S", 0.02)
    monkeypatch.setattr(hearing, "TRANSACTION_S", LIMIT_S)
    monkeypatch.setattr(database, "TRANSACTION_S", LIMIT_S)


def hears_slowly(seconds: Callable[[CounterMoved], float]) -> Callable[[Service], None]:
    """A handler of batches whose statements take so long for each event, one behind the other."""

    async def moved(batch: Sequence[Heard[CounterMoved]], tx: Transaction) -> None:
        for heard in batch:
            await remember(heard.event, heard.envelope.id, tx)
        parts = [seconds(heard.event) / 10 for heard in batch for _ in range(10)]
        await tx.executemany("SELECT pg_sleep(%s)", [(part,) for part in parts])

    return lambda service: service.hears_many(moved)


async def test_a_batch_that_takes_too_long_is_heard_event_by_event(toy: Toy) -> None:
    async with toy.running(hears_slowly(lambda event: 0.3)) as service:
        async with service.database.transaction(cause(1)) as tx:
            for _ in range(8):
                await move(tx, "a")
        await at_rest(toy)
        assert await toy.value("SELECT count(*) FROM parked") == 0
    assert await violations(toy, Promised(moves=8)) == []


async def test_one_event_that_takes_too_long_by_itself_holds_up_nobody_else(toy: Toy) -> None:
    slow, quick = key_in(3, 0), key_in(3, 1)
    wire = hears_slowly(lambda event: 2 * LIMIT_S if event.counter == slow else 0)
    async with toy.running(wire) as service:
        async with service.database.transaction(cause(1)) as tx:
            for counter in (slow, quick, slow, quick):
                await move(tx, counter)
        await at_rest(toy)
        assert await toy.rows("SELECT key FROM parked ORDER BY seq") == [(slow,), (slow,)]
        rows = await toy.rows("SELECT counter, number FROM effects ORDER BY place")
        assert rows == [(quick, 1), (quick, 2)]


async def test_more_due_products_than_one_transaction_can_take_are_all_taken_up(toy: Toy) -> None:
    async def drain(key: str, reasons: list[str], tx: Transaction) -> None:
        await tx.execute("SELECT pg_sleep(%s)", (LIMIT_S / 4,))
        await move(tx, key)

    def wire(service: Service) -> None:
        hears_slowly(lambda event: 0)(service)
        service.drains_due(drain)

    async with toy.running(wire) as service:
        async with service.database.transaction(cause(1)) as tx:
            for number in range(8):
                await tx.mark_due(key_in(3, number), "policy")

        async def all_heard() -> bool:
            return bool(await toy.value("SELECT count(*) FROM effects") == 8)

        await eventually(all_heard)
        await at_rest(toy)
    assert await violations(toy, Promised(moves=8)) == []
