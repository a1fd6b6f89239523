"""What a tenant may read, page by page, and what it may not."""

from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from dropship.contracts.listings import (
    Desired,
    Listing,
    ListingDetails,
    ListingPage,
    ListingStatus,
    SyncState,
    TenantListings,
)
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderPage, TenantOrders
from dropship.contracts.stores import StoreDetails, StorePage, TenantStores
from dropship.runtime.errors import Refused
from dropship.syncer.queries.listings import listing_details, tenant_listings
from dropship.syncer.queries.orders import tenant_orders
from dropship.syncer.queries.stores import store_details, tenant_stores


async def ask(story: Any, answerer: Any, question: Any, tenant: str = "anna") -> Any:
    asked = story.asked(question, tenant=tenant)
    return msgspec.json.decode(await answerer(asked, story.database), type=type(question).answer)


async def test_a_listing_is_shown_as_it_stands_and_as_it_is_wanted(story: Any) -> None:
    id_ = await story.lists()
    shown: Listing = await ask(story, listing_details, ListingDetails(listing_id=id_))
    at = story.clock.now()
    assert shown == Listing(
        id=id_,
        store_id=story.store_id,
        product_id=story.kettle,
        marketplace="bazaar",
        external_id="gid-1",
        sku=f"DC-{UUID(id_).hex[:12]}",
        title="A kettle",
        status=ListingStatus.Active,
        status_reason=None,
        holds=[],
        sync=SyncState.in_sync,
        sync_detail=None,
        price=Money("26.33", "USD"),
        quantity=5,
        desired=Desired(
            decision_no=1,
            price=Money("26.33", "USD"),
            floor=Money("21.00", "USD"),
            quantity=5,
            holds=[],
            decided_at=at,
        ),
        override=None,
        min_price=None,
        max_price=None,
        policy_id=None,
        fresh_until=shown.fresh_until,
        created_at=at,
        updated_at=at,
        last_synced_at=at,
    )


async def test_pages_of_listings_by_store_and_status(story: Any) -> None:
    await story.connects()
    await story.a_product()
    ids = []
    for number in range(3):
        product = str(uuid5(UUID(int=0), str(number)))
        await story.watches(product=product)
        ids.append(await story.requests(product_id=product))
        story.clock.advance(1)
    first: ListingPage = await ask(story, tenant_listings, TenantListings(limit=2))
    assert [one.id for one in first.items] == [ids[2], ids[1]]
    rest = TenantListings(limit=2, cursor=first.next_cursor)
    second: ListingPage = await ask(story, tenant_listings, rest)
    assert ([one.id for one in second.items], second.next_cursor) == ([ids[0]], None)
    active = TenantListings(status=ListingStatus.Active)
    assert (await ask(story, tenant_listings, active)).items == []
    pending = TenantListings(status=ListingStatus.Pending, store_id=story.store_id)
    assert len((await ask(story, tenant_listings, pending)).items) == 3
    assert (await ask(story, tenant_listings, TenantListings(), tenant="bert")).items == []


async def test_stores_are_shown_without_anything_sealed(story: Any) -> None:
    await story.connects("first")
    story.clock.advance(1)
    await story.connects("second", live=False)
    page: StorePage = await ask(story, tenant_stores, TenantStores(limit=1))
    assert [one.account for one in page.items] == ["second"]
    rest = TenantStores(limit=1, cursor=page.next_cursor)
    assert [one.account for one in (await ask(story, tenant_stores, rest)).items] == ["first"]
    asked = story.asked(StoreDetails(store_id=story.store_id))
    text = await store_details(asked, story.database)
    assert story.secret.encode() not in text
    assert msgspec.json.decode(text)["mode"] == "dry_run"


async def an_order(story: Any, number: int) -> None:
    async with story.database.transaction() as tx:
        id_ = uuid5(UUID(int=1), str(number))
        at = story.clock.now()
        await tx.execute(
            "INSERT INTO orders (id, tenant_id, store_id, marketplace, external_id, name, currency,"
            " total_minor, fees_minor, fees_kind, ordered_at, updated_at, received_at)"
            " VALUES (%s, 'anna', %s, 'bazaar', %s, %s, 'USD', 5266, 183, 'estimated', %s, %s, %s)",
            (id_, UUID(story.store_id), str(number), f"#{number}", at, at, at),
        )
        await tx.execute(
            "INSERT INTO order_lines (order_id, line_no, sku, quantity, unit_price_minor,"
            " unit_cost_minor, unit_cost_currency) VALUES (%s, 1, 'DC-1', 2, 2633, 2000, 'USD'),"
            " (%s, 2, '', 1, 500, NULL, NULL)",
            (id_, id_),
        )


async def test_orders_with_their_lines(story: Any) -> None:
    await story.connects()
    for number in range(3):
        await an_order(story, number)
        story.clock.advance(1)
    page: OrderPage = await ask(story, tenant_orders, TenantOrders(limit=2))
    assert [order.name for order in page.items] == ["#2", "#1"]
    first, second = page.items[0].lines
    assert (first.quantity, first.unit_price, first.unit_cost) == (
        2,
        Money("26.33", "USD"),
        Money("20.00", "USD"),
    )
    assert (second.sku, second.unit_cost) == ("", None)
    rest = TenantOrders(store_id=story.store_id, cursor=page.next_cursor)
    assert [order.name for order in (await ask(story, tenant_orders, rest)).items] == ["#0"]
    assert (await ask(story, tenant_orders, TenantOrders(), tenant="bert")).items == []


async def test_what_belongs_to_another_does_not_exist(story: Any) -> None:
    id_ = await story.lists()
    for answerer, question in (
        (listing_details, ListingDetails(listing_id=id_)),
        (store_details, StoreDetails(store_id=story.store_id)),
        (store_details, StoreDetails(store_id="nonsense")),
        (tenant_listings, TenantListings(store_id=story.store_id)),
        (tenant_orders, TenantOrders(store_id=story.store_id)),
        (tenant_orders, TenantOrders(store_id="nonsense")),
    ):
        with pytest.raises(Refused) as told:
            await ask(story, answerer, question, tenant="bert")
        field = "listing_id" if isinstance(question, ListingDetails) else "store_id"
        assert (told.value.kind, told.value.field) == ("not_found", field)


async def test_a_cursor_is_used_as_it_was(story: Any) -> None:
    for cursor in ("!", "bm9uc2Vuc2U", "MTIuZ2c"):
        with pytest.raises(Refused) as told:
            await ask(story, tenant_stores, TenantStores(cursor=cursor))
        assert told.value.field == "cursor"
