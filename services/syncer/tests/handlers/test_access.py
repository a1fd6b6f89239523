"""Nobody but us gets in: tokens are sealed, fetched once, and a refusal is told once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.stores import StoreSuspended, SuspendReason
from dropship.runtime.clock import ManualClock
from dropship.syncer.adapters.errors import AuthRevoked, ScopeMissing, Throttled, Unavailable
from dropship.syncer.adapters.port import Access, Marketplace
from dropship.syncer.handlers.access import Keyring


async def look(market: Marketplace, access: Access) -> str:
    """One call; returns the token it was made with."""
    await market.find(access, "a-key")
    return access.token


async def test_a_token_is_fetched_once_and_lies_sealed(stores: Any, bazaar: Any) -> None:
    store = await stores.add()
    first = await stores.keyring.calling(store, look)
    second = await stores.another_process().calling(store, look)
    assert first == second
    assert bazaar.granted == [first]
    credentials, token, rest = await stores.row(
        store, "credentials, token, (to_jsonb(store_accounts) - 'credentials' - 'token')::text"
    )
    assert b"canary" not in credentials
    assert b"canary" not in token
    assert "canary" not in rest


async def test_a_hundred_calls_at_once_fetch_one_token(stores: Any, bazaar: Any) -> None:
    store = await stores.add()
    used = await asyncio.gather(*(stores.keyring.calling(store, look) for _ in range(100)))
    assert set(used) == set(bazaar.granted)
    assert len(bazaar.granted) == 1


async def test_two_processes_never_fetch_at_the_same_time(
    stores: Any, bazaar: Any, clock: ManualClock
) -> None:
    store = await stores.add(refreshing_until=clock.now() + timedelta(seconds=10))
    with pytest.raises(Unavailable) as caught:
        await stores.keyring.calling(store, look)
    assert caught.value.after_s > 0
    assert bazaar.granted == []
    clock.advance(11)
    await stores.keyring.calling(store, look)
    assert len(bazaar.granted) == 1


async def test_a_token_is_renewed_before_it_ends(
    stores: Any, bazaar: Any, clock: ManualClock
) -> None:
    store = await stores.add()
    first = await stores.keyring.calling(store, look)
    clock.advance(24 * 3600 - 120)
    assert await stores.keyring.calling(store, look) != first
    assert len(bazaar.granted) == 2


async def test_a_token_of_a_short_life_serves_most_of_it(
    stores: Any, bazaar: Any, clock: ManualClock
) -> None:
    bazaar.life = timedelta(seconds=60)
    store = await stores.add()
    first = await stores.keyring.calling(store, look)
    clock.advance(50)
    assert await stores.keyring.calling(store, look) == first
    clock.advance(5)
    assert await stores.keyring.calling(store, look) != first


async def test_while_no_new_token_is_to_be_had_the_old_one_serves(
    stores: Any, bazaar: Any, clock: ManualClock
) -> None:
    store = await stores.add()
    first = await stores.keyring.calling(store, look)
    clock.advance(24 * 3600 - 120)
    bazaar.ill_grants = Unavailable("HTTP 503", after_s=3)
    assert await stores.keyring.calling(store, look) == first
    assert await stores.keyring.calling(store, look) == first
    clock.advance(119)
    with pytest.raises(Unavailable):
        await stores.keyring.calling(store, look)
    assert await stores.row(store, "status") == ("connected",)


async def test_a_refused_token_is_replaced_and_the_call_made_again(
    stores: Any, bazaar: Any
) -> None:
    store = await stores.add()
    first = await stores.keyring.calling(store, look)
    bazaar.good.clear()
    second = await stores.keyring.calling(store, look)
    assert second != first
    assert await stores.scene.said() == []


async def test_refused_credentials_suspend_the_store_and_are_told_once(
    stores: Any, bazaar: Any
) -> None:
    store = await stores.add(secret="changed-since")
    for keyring in (stores.keyring, stores.another_process()):
        with pytest.raises(AuthRevoked):
            await keyring.calling(store, look)
    assert await stores.row(store, "status, status_reason") == ("suspended", "auth_revoked")
    (envelope,) = await stores.scene.envelopes()
    assert envelope.subject == f"store:{store}"
    assert envelope.tenant == str(UUID(int=1))
    assert bazaar.visits == [], "nobody knocks where the door was shut"


async def test_a_new_token_that_is_refused_as_well_is_the_seller_s_business(
    stores: Any, bazaar: Any
) -> None:
    store = await stores.add()

    async def never(market: Marketplace, access: Access) -> str:
        bazaar.good.clear()
        return await look(market, access)

    with pytest.raises(AuthRevoked):
        await stores.keyring.calling(store, never)
    (said,) = await stores.scene.said()
    assert isinstance(said, StoreSuspended)
    assert said.reason is SuspendReason.auth_revoked
    assert len(bazaar.granted) == 2


async def test_what_the_seller_has_not_granted_suspends_the_store(stores: Any, bazaar: Any) -> None:
    store = await stores.add()
    bazaar.ill = ScopeMissing("write_products")
    with pytest.raises(ScopeMissing):
        await stores.keyring.calling(store, look)
    (said,) = await stores.scene.said()
    assert said == StoreSuspended(
        store_id=store, reason=SuspendReason.scope_missing, detail="write_products"
    )


@pytest.mark.parametrize("ill", [Throttled(after_s=2), Unavailable("HTTP 503")])
async def test_an_ill_marketplace_suspends_nobody(stores: Any, bazaar: Any, ill: Any) -> None:
    store = await stores.add()
    bazaar.ill = ill
    with pytest.raises(type(ill)):
        await stores.keyring.calling(store, look)
    assert await stores.row(store, "status") == ("connected",)
    assert await stores.scene.said() == []


async def test_sealed_texts_of_two_stores_cannot_be_swapped(stores: Any, bazaar: Any) -> None:
    mine, theirs = await stores.add(), await stores.add()
    for store in (mine, theirs):
        await stores.keyring.calling(store, look)
    before = list(bazaar.granted)
    await stores.database.fetch_one(
        "UPDATE store_accounts s SET credentials = o.credentials, token = o.token"
        " FROM store_accounts o WHERE o.id <> s.id RETURNING 1"
    )
    for store in (mine, theirs):
        with pytest.raises(Unavailable):
            await stores.keyring.calling(store, look)
    assert bazaar.granted == before
    assert set(bazaar.visits) == set(before), "no call was made with the other's token"


@pytest.mark.parametrize("status", ["disconnected", "rejected"])
async def test_a_store_that_was_taken_away_is_not_called_for(
    stores: Any, bazaar: Any, status: str
) -> None:
    store = await stores.add(status=status, credentials=None)
    with pytest.raises(AuthRevoked):
        await stores.keyring.calling(store, look)
    assert (bazaar.granted, bazaar.visits) == ([], [])


async def test_a_store_of_a_plugin_that_is_not_here_can_wait(stores: Any) -> None:
    store = await stores.add()
    keyring = Keyring(stores.database, stores.clock, stores.sealer, {})
    with pytest.raises(Unavailable):
        await keyring.calling(store, look)


async def test_a_token_for_credentials_that_were_replaced_meanwhile_is_not_kept(
    stores: Any, bazaar: Any
) -> None:
    store = await stores.add()
    grant = bazaar.grant

    async def slow(*asked: Any) -> Any:
        token = await grant(*asked)
        await stores.renews(store, secret="mistyped")
        return token

    bazaar.grant = slow
    with pytest.raises(Unavailable):
        await stores.keyring.calling(store, look)
    assert await stores.row(store, "token, status") == (None, "connected")


async def test_credentials_that_were_replaced_meanwhile_are_not_blamed(
    stores: Any, bazaar: Any
) -> None:
    store = await stores.add(secret="mistyped")

    async def slow(*asked: Any) -> Any:
        await stores.renews(store, secret=bazaar.secret)
        raise AuthRevoked("unknown client")

    bazaar.grant, grant = slow, bazaar.grant
    with pytest.raises(AuthRevoked):
        await stores.keyring.calling(store, look)
    assert await stores.row(store, "status") == ("connected",)
    bazaar.grant = grant
    await stores.keyring.calling(store, look)
