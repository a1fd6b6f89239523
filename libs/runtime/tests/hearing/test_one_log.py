"""What is said is heard once, in order, by whoever leads."""

from toy_checks import Promised, at_rest, violations
from toy_words import cause, move

from toy_house import Toy


async def test_what_a_service_says_is_heard_once_and_in_order(toy: Toy) -> None:
    async with toy.running() as service:
        for number in range(300):
            async with service.database.transaction(cause(number)) as tx:
                await move(tx, f"c{number % 7}")
        await at_rest(toy)
    assert await violations(toy, Promised(moves=300)) == []
