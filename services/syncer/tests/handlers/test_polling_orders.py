"""What was sold is told once, with what it cost; and so is what happens to it afterwards."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.orders import OrderCancelled, OrderReceived, OrderRefunded
from dropship.contracts.stores import PollOrders, StoreSuspended
from dropship.pricing.money import Money, to_wire
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Frozen,
    Invalid,
    MarketplaceError,
    ScopeMissing,
    Unavailable,
)
from dropship.syncer.domain.orders import SoldLine
from dropship.syncer.handlers.polling_orders import PAGES_MAX, Polling


def usd(minor: int) -> Money:
    return Money(minor, "USD")


class Till:
    """One store with a listing, and its polls."""

    def __init__(self, stores: Any, store: str, listing: str) -> None:
        self.stores, self.store, self.listing = stores, store, listing
        self.polling = Polling(stores.database, stores.keyring)

    def line(self, quantity: int = 1, price: int = 2633) -> SoldLine:
        return SoldLine(self.listing, "DC-any", quantity, usd(price))

    def task(self, late_s: float = 60) -> Any:
        not_after = self.stores.clock.now() + timedelta(seconds=late_s)
        return self.stores.task(PollOrders(store_id=self.store, not_after=not_after))

    async def poll(self) -> list[Any]:
        """One poll, and what was said because of it."""
        await self.stores.done(self.task(), self.polling.poll_orders)
        return list(await self.stores.scene.said())


@pytest.fixture
async def till(stores: Any) -> Till:
    store = await stores.add()
    return Till(stores, store, await stores.sell(store, 1, usd(2000)))


async def test_an_order_is_received_once_with_costs_and_fees_by_value(
    till: Till, bazaar: Any, an_order: Any
) -> None:
    bazaar.sold = [an_order(1, till.line(2), fees=usd(183))]
    (said,) = await till.poll()
    assert isinstance(said, OrderReceived)
    assert (said.total, said.fees, said.fees_kind) == (
        to_wire(usd(5266)),
        to_wire(usd(183)),
        "charged",
    )
    ((line,)) = said.lines
    assert line.listing_id == till.listing
    assert line.unit_cost == to_wire(usd(2000))
    assert await till.poll() == []


async def test_fees_that_are_not_told_are_estimated_by_the_schedule(
    till: Till, bazaar: Any, an_order: Any
) -> None:
    bazaar.sold = [an_order(1, till.line(price=10_000))]
    (said,) = await till.poll()
    assert (said.fees, said.fees_kind) == (to_wire(usd(320)), "estimated"), "2.9 % and 0.30"


async def test_a_line_is_known_by_its_sku_where_the_product_is_gone(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    sku = await stores.database.fetch_one("SELECT sku FROM listings")
    bazaar.sold = [an_order(1, SoldLine(None, sku[0], 1, usd(900)))]
    (said,) = await till.poll()
    assert said.lines[0].listing_id == till.listing


async def test_goods_of_the_seller_s_own_are_not_our_business(
    till: Till, bazaar: Any, an_order: Any
) -> None:
    own = SoldLine(None, "HAT-1", 1, usd(900))
    strange = SoldLine("no-id-of-ours", "", 1, usd(900))
    bazaar.sold = [an_order(1, own, strange), an_order(2, own, till.line())]
    (said,) = await till.poll()
    assert [line.listing_id for line in said.lines] == [None, till.listing]
    assert said.total == to_wire(usd(900 + 2633))


async def test_a_listing_of_another_store_is_not_sold_here(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    other = await stores.add()
    theirs = await stores.sell(other, 1, usd(1))
    bazaar.sold = [an_order(1, SoldLine(theirs, "x", 1, usd(900)))]
    assert await till.poll() == []


async def test_an_order_counts_when_it_is_paid(till: Till, bazaar: Any, an_order: Any) -> None:
    unpaid = an_order(1, till.line(), paid=False)
    bazaar.sold = [unpaid]
    assert await till.poll() == []
    bazaar.sold = [replace(unpaid, paid=True)]
    assert len(await till.poll()) == 1


async def test_refunds_are_told_as_they_grow_and_the_call_off_once(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    order = an_order(1, till.line(2))
    bazaar.sold = [order]
    await till.poll()
    later = stores.clock.now() + timedelta(days=2)
    order = replace(order, refunded=usd(1000), refunded_at=later)
    bazaar.sold = [order]
    (refunded,) = await till.poll()
    assert isinstance(refunded, OrderRefunded)
    assert (refunded.amount, refunded.refunded_at) == (to_wire(usd(1000)), later)
    bazaar.sold = [replace(order, refunded=usd(5266), cancelled_at=later)]
    refunded, cancelled = await till.poll()
    assert (refunded.amount, refunded.refunded) == (to_wire(usd(4266)), to_wire(usd(5266)))
    assert isinstance(cancelled, OrderCancelled)
    assert await till.poll() == []


async def test_an_order_first_seen_at_its_end_tells_its_whole_story_in_order(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    now = stores.clock.now()
    bazaar.sold = [an_order(1, till.line(), refunded=usd(2633), cancelled_at=now)]
    await stores.done(till.task(), till.polling.poll_orders)
    envelopes = await stores.scene.envelopes()
    told = [envelope.type.split(".")[2] for envelope in envelopes]
    assert told == ["received", "refunded", "cancelled"]
    assert len({envelope.subject for envelope in envelopes}) == 1
    assert {envelope.tenant for envelope in envelopes} == {"00000000-0000-0000-0000-000000000001"}
    versions = await stores.database.fetch_all("SELECT version FROM journal ORDER BY position")
    assert versions == [(1,), (2,), (3,)]


async def test_an_unknown_cost_is_left_open_and_never_nothing(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    listing = await stores.sell(till.store, 2, None)
    bazaar.sold = [an_order(1, SoldLine(listing, "x", 1, usd(900)))]
    (said,) = await till.poll()
    assert said.lines[0].product_id is not None
    assert said.lines[0].unit_cost is None


async def test_all_pages_are_read_and_the_cursor_is_kept(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.sold = [an_order(number, till.line()) for number in range(5)]
    assert len(await till.poll()) == 5
    cursor, polled_at = await stores.row(till.store, "order_cursor, polled_at")
    assert (cursor, polled_at) == ("0", stores.clock.now())


async def test_what_is_too_much_for_one_poll_is_read_by_the_next_at_once(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.sold = [an_order(number, till.line()) for number in range(2 * PAGES_MAX + 3)]
    assert len(await till.poll()) == 2 * PAGES_MAX
    assert await stores.row(till.store, "poll_at") == (stores.clock.now(),)
    assert len(await till.poll()) == 3


async def test_a_marketplace_that_falls_ill_midway_loses_nothing(
    till: Till, bazaar: Any, an_order: Any
) -> None:
    bazaar.sold = [an_order(number, till.line()) for number in range(5)]
    bazaar.ill_after = 4
    assert len(await till.poll()) == 4
    bazaar.ill_after = 1000
    assert len(await till.poll()) == 1


async def test_an_ill_marketplace_is_left_alone_until_it_may_help(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.ill = Unavailable("HTTP 503", after_s=120)
    assert await till.poll() == []
    (poll_at,) = await stores.row(till.store, "poll_at")
    assert poll_at == stores.clock.now() + timedelta(seconds=120)


async def test_an_order_that_no_table_can_hold_does_not_hold_up_the_others(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    endless = an_order(1, till.line(quantity=2**33, price=1))
    nul = replace(an_order(2, till.line()), name="#\0")
    bazaar.sold = [endless, nul, an_order(3, till.line())]
    (said,) = await till.poll()
    assert isinstance(said, OrderReceived)
    assert await stores.database.fetch_all("SELECT name FROM orders") == [("#3",)]


async def test_orders_that_make_no_sense_are_shown_at_the_store_until_they_do(
    till: Till, bazaar: Any, stores: Any
) -> None:
    bazaar.ill = Invalid("orders: expected an object")
    await till.poll()
    shown = await stores.row(till.store, "status, status_reason, polled_at")
    assert shown == ("connected", "orders_unreadable: orders: expected an object", None)
    bazaar.ill = None
    await till.poll()
    assert await stores.row(till.store, "status, status_reason") == ("connected", None)


async def test_orders_that_may_not_be_read_are_shown_at_the_store_and_stop_no_pause(
    story: Any,
) -> None:
    """A marketplace may grant products and withhold what it knows of buyers."""
    listing = await story.lists()
    story.market.ill_orders = ScopeMissing("not approved for order data")
    await story.releasing.release_polls(story.database)
    await story.works()
    (store,) = await story.database.fetch_all("SELECT status, status_reason FROM store_accounts")
    assert store == ("connected", "orders_forbidden: not approved for order data")
    assert await story.said() == []
    await story.stocks(Availability.out_of_stock)
    await story.works()
    assert story.stands(listing)[2] == 0


@pytest.mark.parametrize("refused", [AuthRevoked("uninstalled"), Frozen("closed")])
async def test_a_store_that_shuts_us_out_altogether_is_suspended_by_its_orders_too(
    till: Till, bazaar: Any, stores: Any, refused: MarketplaceError
) -> None:
    bazaar.ill = refused
    (said,) = await till.poll()
    assert isinstance(said, StoreSuspended)


async def test_what_is_wrong_with_the_orders_is_shown_until_they_are_read_again(
    till: Till, bazaar: Any, stores: Any
) -> None:
    wrong = "orders_forbidden: not approved"
    for bazaar.ill, shown in (
        (ScopeMissing("not approved"), wrong),
        (Unavailable("HTTP 503"), wrong),
        (None, None),
    ):
        await till.poll()
        assert await stores.row(till.store, "status, status_reason") == ("connected", shown)


async def test_why_a_store_is_suspended_is_not_hidden_by_its_orders(
    bazaar: Any, stores: Any
) -> None:
    store = await stores.add(status="suspended", status_reason="breaker")
    till = Till(stores, store, await stores.sell(store, 1, usd(2000)))
    for bazaar.ill in (Invalid("no"), None):
        await till.poll()
        assert await stores.row(store, "status_reason") == ("breaker",)


async def test_orders_count_as_read_from_when_a_reading_of_all_of_them_began(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.sold = [an_order(number, till.line()) for number in range(2 * PAGES_MAX + 3)]
    await till.poll()
    assert await stores.row(till.store, "polled_at") == (None,)
    began_at, task = stores.clock.now(), till.task()
    outcome = await till.polling.poll_orders(task)
    stores.clock.advance(5)
    async with stores.database.transaction(task.envelope) as tx:
        await outcome(tx)
    assert await stores.row(till.store, "polled_at") == (began_at,)
    bazaar.ill = Unavailable("HTTP 503", after_s=1)
    await till.poll()
    assert await stores.row(till.store, "polled_at") == (began_at,)


async def test_two_polls_at_once_tell_an_order_once(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.sold = [an_order(1, till.line(), refunded=usd(100))]
    polling = till.polling.poll_orders
    await asyncio.gather(*(stores.done(till.task(), polling) for _ in range(5)))
    assert [type(said) for said in await stores.scene.said()] == [OrderReceived, OrderRefunded]


async def test_a_store_taken_away_during_the_poll_tells_nothing_more(
    till: Till, bazaar: Any, an_order: Any, stores: Any
) -> None:
    bazaar.sold = [an_order(1, till.line())]
    outcome = await till.polling.poll_orders(till.task())
    await stores.database.fetch_one(
        "UPDATE store_accounts SET status = 'disconnected', credentials = NULL RETURNING 1"
    )
    async with stores.database.transaction() as tx:
        await outcome(tx)
    assert await stores.scene.said() == []


async def test_a_poll_that_comes_too_late_is_not_made(till: Till, bazaar: Any) -> None:
    await till.stores.done(till.task(late_s=-1), till.polling.poll_orders)
    assert bazaar.visits == []
