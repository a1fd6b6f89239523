"""Connecting, switching, resuming and disconnecting a store."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.listings import PauseListing
from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    StoreConnected,
    StoreDisconnected,
    StoreMode,
    StoreModeChanged,
    StoreResumed,
    SuspendReason,
)
from dropship.contracts.tenants import QUOTAS, TenantOpened, Tier
from dropship.runtime.errors import Refused
from dropship.runtime.sealing import SealBroken
from dropship.syncer.adapters.errors import Throttled
from dropship.syncer.domain.bringing import Suspension
from dropship.syncer.handlers.amending_listings import pause_listing
from dropship.syncer.handlers.hearing_tenants import hear_tenant
from dropship.syncer.handlers.keeping_stores import Stores, amend_store, disconnect_store
from dropship.syncer.handlers.seals import open_credentials
from dropship.syncer.handlers.voice import suspend_store
from dropship.syncer.projections import listings, stores


async def refused(story: Any, obeyer: Any, question: Any, tenant: str = "anna") -> Refused:
    with pytest.raises(Refused) as told:
        await story.obeys(obeyer, question, tenant=tenant)
    return told.value


def connect(account: str, **more: Any) -> ConnectStore:
    values = {"marketplace": "bazaar", "client_id": "id", "client_secret": "canary", **more}
    return ConnectStore(account=account, name="Anna's", **values)


@pytest.fixture
def shop(story: Any) -> Any:
    return Stores(story.sealer, story.marketplaces).connect_store


async def test_a_store_begins_as_a_dry_run_and_is_opened(story: Any, shop: Any) -> None:
    answer = await story.obeys(shop, connect("demo"))
    assert (answer["mode"], answer["status"], answer["fee_schedule"]) == (
        "dry_run",
        "connecting",
        "shopify-basic",
    )
    await story.works()
    (said,) = await story.said()
    assert isinstance(said, StoreConnected)
    assert (said.currency, said.mode) == ("USD", StoreMode.dry_run)


async def test_its_credentials_are_kept_sealed_and_for_this_row_alone(
    story: Any, shop: Any
) -> None:
    first = UUID((await story.obeys(shop, connect("one")))["id"])
    second = UUID((await story.obeys(shop, connect("two")))["id"])
    rows = await story.database.fetch_all("SELECT id, credentials FROM store_accounts")
    sealed = {id_: bytes(text) for id_, text in rows}
    assert all(b"canary" not in text for text in sealed.values())
    assert open_credentials(story.sealer, first, sealed[first]).client_secret == "canary"
    with pytest.raises(SealBroken):
        open_credentials(story.sealer, second, sealed[first])


async def test_no_secret_is_said(story: Any, shop: Any) -> None:
    await story.obeys(shop, connect("demo"))
    await story.works()
    tables = ("journal", "answered", "done_commands", "store_accounts")
    for table in tables:
        text = await story.database.fetch_all(f"SELECT t::text FROM {table} t")  # noqa: S608
        assert b"canary".hex() not in str(text)
        assert "canary" not in str(text)


async def test_what_nobody_can_connect_is_refused_with_the_fix(story: Any, shop: Any) -> None:
    unknown = await refused(story, shop, connect("demo", marketplace="etsy"))
    assert (unknown.field, unknown.detail) == (
        "marketplace",
        "there is no marketplace etsy; there are: bazaar",
    )
    fees = await refused(story, shop, connect("demo", fee_schedule="ebay-us"))
    assert (fees.field, fees.reason) == ("fee_schedule", "unknown_fee_schedule")
    await story.obeys(shop, connect("demo"))
    twice = await refused(story, shop, connect("demo"))
    assert (twice.kind, twice.field) == ("conflict", "account")


async def test_a_tier_allows_so_many_stores(story: Any, shop: Any) -> None:
    for number in range(QUOTAS[Tier.free].stores):
        await story.obeys(shop, connect(f"shop-{number}"))
    full = await refused(story, shop, connect("one-more"))
    assert (full.kind, full.reason) == ("limit", "too_many_stores")
    opened = story.scene.heard(TenantOpened(tenant_id="anna", tier="pro"), key="anna")
    await story.scene.hears(hear_tenant, opened)
    await story.obeys(shop, connect("one-more"))


async def test_a_key_that_has_made_a_store_before_makes_no_other(story: Any, shop: Any) -> None:
    """The first answer is forgotten after two days; the store has its id from the key."""
    asked = story.asked(connect("demo"))
    for account, reason in (("demo", None), ("another", "key_reused")):
        again = replace(asked, question=connect(account))
        async with story.database.transaction(tenant="anna", command_id=asked.command_id) as tx:
            try:
                await shop(again, tx)
                told = None
            except Refused as refusal:
                told = refusal.kind
        assert told == reason


async def test_a_change_that_changes_nothing_hurries_nothing(story: Any) -> None:
    """A marketplace that asks for a pause gets it, however often somebody asks for the same."""
    listing = await story.lists()
    story.market.faults = [Throttled(after_s=250)]
    await story.decides(listing, 2, "25.00")
    await story.works()
    due = await story.row(listing, "bring_again_at")
    assert due == story.clock.now() + timedelta(seconds=250)
    await story.amends_store()
    await story.amends_store(mode=StoreMode.live, resume=True)
    await story.goes_on(1)
    assert await story.row(listing, "bring_again_at") == due


async def test_going_live_is_said_once(story: Any) -> None:
    await story.connects(live=False)
    await story.said()
    await story.amends_store(mode=StoreMode.live)
    await story.amends_store(mode=StoreMode.live)
    (said,) = await story.said()
    assert isinstance(said, StoreModeChanged)
    assert said.mode is StoreMode.live


async def test_nobody_walks_away_from_what_is_on_sale(story: Any) -> None:
    await story.lists()
    wish = AmendStore(store_id=story.store_id, mode=StoreMode.dry_run)
    told = await refused(story, amend_store, wish)
    assert (told.kind, told.field) == ("conflict", "mode")


async def test_a_person_lifts_the_breaker(story: Any) -> None:
    await story.connects()
    id_ = UUID(story.store_id)
    async with story.database.transaction() as tx:
        await stores.lock(tx, id_)
        await suspend_store(tx, id_, Suspension(SuspendReason.breaker, "too many"))
        await suspend_store(tx, id_, Suspension(SuspendReason.breaker, "and more"))
    await story.said()
    store = await story.amends_store(resume=True)
    assert (store.status, store.status_reason) == ("connected", None)
    (said,) = await story.said()
    assert isinstance(said, StoreResumed)
    async with story.database.transaction() as tx:
        known = await stores.lock(tx, id_)
        assert known is not None
        assert known.breaker_lifted_at == story.clock.now()
        await stores.note_move(tx, id_, UUID(int=1), 9000)
        assert await stores.moved(tx, known) == frozenset(), "they have seen these"


async def test_a_disconnected_store_has_no_secrets_left_and_its_listings_stay(story: Any) -> None:
    listing = await story.lists()
    for _ in range(2):
        wish = DisconnectStore(store_id=story.store_id)
        answer = await story.obeys(disconnect_store, wish)
        assert (answer["status"], answer["status_reason"]) == (
            "disconnected",
            "1 listing stays on the marketplace as it is",
        )
    (said,) = await story.said()
    assert isinstance(said, StoreDisconnected)
    (row,) = await story.database.fetch_all("SELECT credentials, token FROM store_accounts")
    assert row == (None, None)
    await story.decides(listing, 2, "30.00")
    await story.goes_on(60)
    assert (story.market.calls, story.stands(listing)) == ([], ("live", 2633, 5))
    again = await refused(story, amend_store, AmendStore(store_id=story.store_id))
    assert again.reason == "store_not_connected"


async def test_nobody_is_told_of_listings_that_were_never_there(story: Any) -> None:
    await story.connects()
    await story.a_product()
    await story.requests()
    answer = await story.obeys(disconnect_store, DisconnectStore(store_id=story.store_id))
    assert (answer["status"], answer["status_reason"]) == ("disconnected", None)


async def test_nobody_waits_for_what_is_done_to_the_things_of_another(story: Any) -> None:
    listing = await story.lists()
    async with story.database.transaction() as tx:
        await stores.lock(tx, UUID(story.store_id))
        await listings.lock_one(tx, UUID(listing))
        for obeyer, wish in (
            (disconnect_store, DisconnectStore(store_id=story.store_id)),
            (pause_listing, PauseListing(listing_id=listing)),
        ):
            async with asyncio.timeout(5):
                told = await refused(story, obeyer, wish, tenant="bert")
            assert told.kind == "not_found"


async def test_the_store_of_another_does_not_exist(story: Any) -> None:
    await story.connects()
    for obeyer, wish in (
        (amend_store, AmendStore(store_id=story.store_id)),
        (disconnect_store, DisconnectStore(store_id=story.store_id)),
        (amend_store, AmendStore(store_id="nonsense")),
    ):
        told = await refused(story, obeyer, wish, tenant="bert")
        assert (told.kind, told.reason) == ("not_found", "unknown_store")
