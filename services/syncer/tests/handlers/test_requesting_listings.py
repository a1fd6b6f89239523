"""What may be listed, and what is said of it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET

from dropship.contracts.listings import (
    AmendListing,
    EndListing,
    ListingAmended,
    ListingDelisted,
    ListingRequested,
    PauseListing,
    RequestListing,
)
from dropship.contracts.money import Money
from dropship.contracts.products import ProductUnwatched
from dropship.contracts.stores import DisconnectStore
from dropship.contracts.tenants import QUOTAS, Tier
from dropship.runtime.errors import Refused
from dropship.syncer.adapters.errors import Unavailable
from dropship.syncer.handlers.amending_listings import (
    amend_listing,
    end_listing,
    pause_listing,
)
from dropship.syncer.handlers.keeping_stores import disconnect_store
from dropship.syncer.handlers.requesting_listings import Requesting


def usd(amount: str) -> Money:
    return Money(amount, "USD")


@pytest.fixture
async def shop(story: Any) -> Any:
    """A live store, and the kettle watched."""
    await story.connects()
    await story.a_product()
    await story.said()
    return story


async def refused(shop: Any, **wish: Any) -> Refused:
    with pytest.raises(Refused) as told:
        await shop.requests(**wish)
    return told.value


async def test_a_wish_is_said_with_the_store_s_facts_and_its_amounts(shop: Any) -> None:
    wish = {"price": usd("30.00"), "min_price": usd("22"), "policy_id": str(UUID(int=7)).upper()}
    listing = await shop.requests(**wish)
    (said,) = await shop.said()
    assert said == ListingRequested(
        listing_id=listing,
        product_id=shop.kettle,
        store_id=shop.store_id,
        marketplace="bazaar",
        currency="USD",
        fee_schedule="shopify-basic",
        policy_id=str(UUID(int=7)),
        price=usd("30.00"),
        min_price=usd("22.00"),
    )
    row = await shop.row(listing, "sku, status, sync, min_minor")
    assert row == (f"DC-{UUID(listing).hex[:12]}", "Pending", "pending", 2200)


async def test_only_what_one_watches(shop: Any) -> None:
    other = await refused(shop, product_id=str(UUID(int=5)))
    assert (other.kind, other.reason, other.field) == (
        "not_found",
        "unknown_product",
        "product_id",
    )
    await shop.hears(ProductUnwatched(product_id=shop.kettle, tenant_id="anna"))
    assert (await refused(shop)).reason == "unknown_product"


async def test_only_in_a_connected_store_of_one_s_own(shop: Any) -> None:
    assert (await refused(shop, store_id=str(UUID(int=5)))).field == "store_id"
    await shop.obeys(disconnect_store, DisconnectStore(store_id=shop.store_id))
    shut = await refused(shop)
    assert (shut.kind, shut.reason) == ("conflict", "store_not_connected")


@pytest.mark.parametrize(
    ("wish", "field", "reason"),
    [
        ({"price": Money("30.00", "EUR")}, "price", "wrong_currency"),
        ({"min_price": Money("30", "JPY")}, "min_price", "wrong_currency"),
        ({"max_price": usd("0")}, "max_price", "not_positive"),
        ({"min_price": usd("0.00")}, "min_price", "not_positive"),
        ({"min_price": usd("-1")}, "min_price", "not_positive"),
        ({"price": usd("1.005")}, "price", "invalid"),
        ({"min_price": usd("9"), "max_price": usd("8")}, "max_price", "contradiction"),
        ({"price": usd("8"), "min_price": usd("9")}, "price", "contradiction"),
        ({"price": usd("9"), "max_price": usd("8")}, "price", "contradiction"),
    ],
)
async def test_amounts_that_mean_nothing_are_refused(
    shop: Any, wish: Any, field: str, reason: str
) -> None:
    told = await refused(shop, **wish)
    assert (told.field, told.reason, told.kind) == (field, reason, "invalid")


async def test_once_per_store_and_product(shop: Any) -> None:
    listing = await shop.requests()
    twice = await refused(shop)
    assert (twice.kind, twice.field) == ("conflict", "product_id")
    assert listing in twice.detail
    await shop.obeys(end_listing, EndListing(listing_id=listing))
    assert await shop.requests() != listing


async def test_a_key_that_has_made_a_listing_before_makes_no_other(shop: Any) -> None:
    """The first answer is forgotten after two days; the listing has its id from the key."""
    asked = shop.asked(RequestListing(store_id=shop.store_id, product_id=shop.kettle))
    request = Requesting(3600).request_listing
    async with shop.database.transaction(tenant="anna", command_id=asked.command_id) as tx:
        listing = msgspec.json.decode(await request(asked, tx))["id"]
    await shop.obeys(end_listing, EndListing(listing_id=listing))
    with pytest.raises(Refused) as told:
        async with shop.database.transaction(tenant="anna", command_id=asked.command_id) as tx:
            await request(asked, tx)
    assert (told.value.kind, told.value.field) == ("key_reused", "Idempotency-Key")


async def test_no_more_than_the_tier_allows(shop: Any) -> None:
    allowed = QUOTAS[Tier.free].listings
    listing = await shop.requests()
    async with shop.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO listings (id, tenant_id, store_id, product_id, marketplace, sku, currency,"
            " status, sync, check_at, created_at, updated_at)"
            " SELECT gen_random_uuid(), tenant_id, store_id, gen_random_uuid(), marketplace,"
            " sku || n, currency, status, sync, check_at, created_at, updated_at"
            " FROM listings, generate_series(2, %s) n WHERE id = %s",
            (allowed, UUID(listing)),
        )
    await shop.watches(product=str(UUID(int=9)))
    full = await refused(shop, product_id=str(UUID(int=9)))
    assert (full.kind, full.reason) == ("limit", "too_many_listings")


async def test_what_is_changed_is_said_whole_and_what_is_left_out_stays(shop: Any) -> None:
    listing = await shop.requests(price=usd("30.00"), max_price=usd("40.00"))
    await shop.said()

    async def amends(**wish: Any) -> Any:
        return await shop.obeys(amend_listing, AmendListing(listing_id=listing, **wish))

    answer = await amends(price=None, min_price=usd("21.00"))
    assert (answer["override"], answer["max_price"]["amount"]) == (None, "40.00")
    (said,) = await shop.said()
    assert said == ListingAmended(
        listing_id=listing,
        product_id=shop.kettle,
        min_price=usd("21.00"),
        max_price=usd("40.00"),
    )
    assert (await amends(title="Another kettle"))["title"] == "Another kettle"
    assert (await amends(min_price=UNSET))["title"] == "Another kettle"
    assert await shop.said() == [], "nothing that a price depends on"


async def test_texts_that_stand_on_the_marketplace_are_changed_there(story: Any) -> None:
    listing = await story.lists()
    with pytest.raises(Refused) as told:
        await story.obeys(amend_listing, AmendListing(listing_id=listing, title="New"))
    assert (told.value.kind, told.value.field) == ("conflict", "title")


async def test_texts_that_may_stand_on_the_marketplace_are_not_changed_here(story: Any) -> None:
    """The answer to the creation was lost, and nobody can look yet what came of it."""
    await story.connects()
    await story.a_product()
    listing = await story.requests()
    story.market.faults = ["lost after"]
    story.market.blind = Unavailable("down")
    await story.decides(listing, 1, "26.33")
    await story.works()
    await story.goes_on(6.5)
    assert await story.row(listing, "sync, bringing") == ("unknown", None)
    with pytest.raises(Refused) as told:
        await story.obeys(amend_listing, AmendListing(listing_id=listing, title="New"))
    assert (told.value.kind, told.value.field) == ("conflict", "title")


async def test_a_minimum_counts_at_once_whatever_was_decided_before(story: Any) -> None:
    listing = await story.lists()
    wish = AmendListing(listing_id=listing, min_price=usd("27.00"))
    await story.obeys(amend_listing, wish)
    await story.decides(listing, 2, "26.50")
    await story.works()
    assert story.market.made() == [("quantity", 0)]


async def test_taken_back_before_it_was_there(shop: Any) -> None:
    listing = await shop.requests()
    answer = await shop.obeys(end_listing, EndListing(listing_id=listing))
    assert (answer["status"], answer["status_reason"]) == ("Delisted", "user")
    assert isinstance((await shop.said())[-1], ListingDelisted)
    with pytest.raises(Refused) as told:
        await shop.obeys(pause_listing, PauseListing(listing_id=listing))
    assert told.value.reason == "listing_over"


async def test_taken_off_the_books_of_a_store_that_is_gone(story: Any) -> None:
    listing = await story.lists()
    await story.obeys(disconnect_store, DisconnectStore(store_id=story.store_id))
    answer = await story.obeys(end_listing, EndListing(listing_id=listing))
    assert (answer["status"], answer["status_reason"]) == ("Delisted", "disconnected")
    assert story.market.made() == []


async def test_the_listing_of_another_does_not_exist(shop: Any) -> None:
    listing = await shop.requests()
    for id_ in (listing, str(UUID(int=3)), "nonsense"):
        with pytest.raises(Refused) as told:
            await shop.obeys(pause_listing, PauseListing(listing_id=id_), tenant="bert")
        assert (told.value.kind, told.value.reason) == ("not_found", "unknown_listing")


async def test_a_policy_is_named_as_its_owner_names_it(shop: Any) -> None:
    """Or its owner could not take in the wish, nor anything else about that product."""
    oddly, known = "0-0000000000000000000000000000007", str(UUID(int=7))
    listing = await shop.requests(policy_id=oddly)
    for name in (None, oddly):
        await shop.obeys(amend_listing, AmendListing(listing_id=listing, policy_id=name))
    assert [said.policy_id for said in await shop.said()] == [known, None, known]


async def test_a_policy_that_nobody_could_have_made_is_not_found(shop: Any) -> None:
    unknown = await refused(shop, policy_id="p-1")
    assert (unknown.kind, unknown.field) == ("not_found", "policy_id")
    listing = await shop.requests()
    with pytest.raises(Refused, match="policy"):
        await shop.obeys(amend_listing, AmendListing(listing_id=listing, policy_id="p-1"))


async def test_a_text_that_no_table_holds_is_kept_without_what_it_cannot_hold(shop: Any) -> None:
    listing = await shop.requests(description="a kettle\0")
    assert await shop.row(listing, "description") == "a kettle"
    amend = AmendListing(listing_id=listing, description="a\0 good kettle")
    await shop.obeys(amend_listing, amend)
    assert await shop.row(listing, "description") == "a good kettle"
