"""Too many prices that move too far at once: the store stops, and pauses pass."""

from typing import Any
from uuid import UUID

import pytest_asyncio

from dropship.contracts.listings import Hold, ListingRejected
from dropship.contracts.stores import StoreSuspended
from dropship.syncer.handlers.minding_listings import expire_leases


@pytest_asyncio.fixture(loop_scope="session")
async def twenty(story: Any) -> list[str]:
    """Twenty listings of one store that sell at 26.33."""
    first = await story.lists()
    for number in range(2, 21):
        await story.database.fetch_one(
            "INSERT INTO listings SELECT (jsonb_populate_record(l, jsonb_build_object("
            " 'id', gen_random_uuid(), 'store_id', l.store_id, 'product_id', gen_random_uuid(),"
            " 'sku', sku || %s::text))).* FROM listings l WHERE id = %s RETURNING 1",
            (str(number), UUID(first)),
        )
    rows = await story.database.fetch_all("SELECT id, product_id FROM listings ORDER BY sku")
    for id_, product in rows:
        seen = story.market.there[first]
        story.market.there[str(id_)] = type(seen)(**{**vars(seen), "key": str(id_)})
        await story.database.fetch_one(
            "INSERT INTO products_known SELECT (jsonb_populate_record(p, jsonb_build_object("
            " 'product_id', %s::text))).* FROM products_known p WHERE product_id = %s"
            " ON CONFLICT (product_id) DO UPDATE SET title = excluded.title RETURNING 1",
            (str(product), UUID(story.kettle)),
        )
    return [str(id_) for id_, _ in rows]


async def moves(story: Any, listings: list[str], price: str, **more: Any) -> None:
    """A decision for each of them, one after the other, and what comes of it."""
    for listing in listings:
        product = str(await story.row(listing, "product_id"))
        await story.decides(listing, 2, price, product_id=product, **more)
        await story.works()


async def status(story: Any) -> Any:
    return (await story.database.fetch_all("SELECT status, status_reason FROM store_accounts"))[0]


async def test_the_sixth_of_twenty_prices_that_rise_by_a_quarter_stops_the_store(
    story: Any, twenty: list[str]
) -> None:
    await moves(story, twenty[:5], "34.00")
    assert await status(story) == ("connected", None)
    await story.said()
    await moves(story, twenty[5:6], "34.00")
    (said,) = await story.said()
    assert isinstance(said, StoreSuspended)
    assert said.reason == "breaker"
    assert [story.stands(one)[1] for one in twenty[:6]] == [3400] * 5 + [2633]


async def test_pauses_pass_a_stopped_store_and_a_person_lets_it_go_on(
    story: Any, twenty: list[str]
) -> None:
    await moves(story, twenty[:6], "34.00")
    last = twenty[5]
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    await story.works()
    assert {story.stands(one)[2] for one in twenty} == {0}
    await story.amends_store(resume=True)
    await story.looks(product_id=str(await story.row(last, "product_id")))
    await story.goes_on(1)
    assert story.stands(last) == ("live", 3400, 5)


async def test_a_crash_of_all_prices_stops_the_store_and_does_not_empty_it(
    story: Any, twenty: list[str], wire: Any
) -> None:
    """A feed says half of everything, and every floor lets it pass. Five wait for a person each;
    then it is the store that waits, and the others go on selling at their good prices.
    """
    halved = {"floor": wire("10.70", "USD"), "cost": wire("10.00", "USD")}
    for listing in twenty:
        await story.costs("10.00", product_id=str(await story.row(listing, "product_id")))
    await moves(story, twenty, "13.17", **halved)
    assert await status(story) == ("suspended", "breaker")
    said = await story.said()
    assert len([one for one in said if isinstance(one, StoreSuspended)]) == 1
    rejected = [one for one in said if isinstance(one, ListingRejected)]
    assert [one.reason for one in rejected] == [Hold.breaker] * 5
    assert [story.stands(one)[2] for one in twenty] == [0] * 5 + [5] * 15
    assert {story.stands(one)[1] for one in twenty} == {2633}
