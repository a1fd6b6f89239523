"""What is said is heard once, in order, by whoever leads."""

from dropship.runtime.service import Service
from dropship.runtime.testing import eventually
from toy_house import Toy, cause, move


async def effects(service: Service) -> int:
    row = await service.database.fetch_one("SELECT count(*) FROM effects")
    assert row is not None
    return int(row[0])


async def test_what_a_service_says_is_heard_once_and_in_order(toy: Toy) -> None:
    async with toy.running() as service:
        for number in range(300):
            async with service.database.transaction(cause(number)) as tx:
                await move(tx, f"c{number % 7}")
        await eventually(lambda: effects(service), what="effects")

        async def all_heard() -> bool:
            return await effects(service) == 300

        await eventually(all_heard)
        broken = await service.database.fetch_all("SELECT id FROM counters WHERE broken")
        assert broken == []
