"""A sale that the marketplace shows before anybody has told of it is never offered again."""

from typing import Any

import pytest

from dropship.contracts.orders import OrderReceived
from dropship.pricing.money import Money
from dropship.syncer.domain.capping import DECIDED_WITHIN_S
from dropship.syncer.domain.orders import SoldLine


@pytest.fixture
async def bought(story: Any, an_order: Any) -> str:
    """Two of five were bought, and the hourly comparison has found three."""
    listing: str = await story.lists()
    story.clock.advance(3600)
    await polls(story)
    story.clock.advance(1)
    story.market.loses(listing, 2)
    story.market.sold = [an_order(1, SoldLine(listing, "DC-any", 2, Money(2633, "USD")))]
    await story.releasing.release_checks(story.database)
    await story.works()
    assert await story.row(listing, "quantity, capped_quantity") == (3, 3)
    await story.said()
    story.market.made()
    return listing


async def polls(story: Any) -> list[Any]:
    """The round comes by and the orders are read; what was sold."""
    await story.releasing.release_polls(story.database)
    await story.works()
    return [said for said in await story.said() if isinstance(said, OrderReceived)]


async def test_the_orders_are_read_at_once_and_nothing_is_filled_up_before_a_decision(
    story: Any, bought: str
) -> None:
    assert len(await polls(story)) == 1
    await story.goes_on(60)
    assert await polls(story) == []
    await story.goes_on(1)
    assert story.market.made() == []
    await story.decides(bought, 2, "26.33", quantity=4)
    await story.goes_on(1)
    assert story.market.made() == [("quantity", 4)]


async def test_a_decision_from_before_the_sale_was_told_fills_nothing_up(
    story: Any, bought: str
) -> None:
    await story.decides(bought, 2, "27.00", quantity=5)
    await story.goes_on(1)
    assert story.market.made() == [("price", 2700)]
    await polls(story)
    await story.goes_on(60)
    await polls(story)
    await story.goes_on(1)
    assert story.stands(bought) == ("live", 2700, 3)


async def test_a_pause_waits_for_no_orders(story: Any, bought: str) -> None:
    await story.costs("29.00")
    await story.works()
    assert story.market.made() == [("quantity", 0)]


async def test_fewer_that_nobody_bought_are_filled_up_after_the_orders_were_read(
    story: Any, bought: str
) -> None:
    story.market.sold = []
    assert await polls(story) == []
    await story.goes_on(1)
    assert story.market.made() == [], "an order may show a little later than what it took"
    await story.goes_on(60)
    await polls(story)
    await story.goes_on(1)
    assert story.market.made() == [("quantity", 5)]


async def test_a_supplier_who_has_plenty_fills_it_up_without_a_new_decision(
    story: Any, bought: str
) -> None:
    for _ in range(2):
        await polls(story)
        await story.goes_on(60)
    await polls(story)
    await story.looks()
    await story.goes_on(DECIDED_WITHIN_S - 121)
    assert story.market.made() == []
    await story.goes_on(2)
    assert story.market.made() == [("quantity", 5)]
