"""A store that nothing is written to is told to its owner, with what is to be done now."""

from collections.abc import Callable
from typing import Any

import pytest

from dropship.contracts.alerts import AlertKind, AlertRaised, AlertResolved
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.messages import Message
from dropship.contracts.stores import (
    StoreConnected,
    StoreDisconnected,
    StoreMode,
    StoreRejected,
    StoreResumed,
    StoreSuspended,
    SuspendReason,
)

Decisions = Callable[[list[Message]], list[DecisionMade]]


class Store:
    """What the syncer tells of Anna's store."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.id = shop.id_of("store of anna")

    async def tell(self, event: type[Any], **more: Any) -> list[Message]:
        said: list[Message] = await self.shop.hears(
            event(store_id=self.id, **more), tenant=self.shop.anna
        )
        return said

    async def connected(self, fees: str = "shopify-basic") -> list[Message]:
        about = {"mode": StoreMode.live, "currency": "USD", "fee_schedule": fees}
        return await self.tell(StoreConnected, marketplace="shopify", **about)

    async def rejected(self, reason: str = "credentials_refused: ") -> list[Message]:
        return await self.tell(StoreRejected, marketplace="shopify", reason=reason)


@pytest.fixture
def store(shop: Any) -> Store:
    return Store(shop)


def told(said: list[Message]) -> AlertRaised:
    (alert,) = [m for m in said if isinstance(m, AlertRaised)]
    return alert


def ended(said: list[Message]) -> list[str]:
    return [m.alert_id for m in said if isinstance(m, AlertResolved)]


@pytest.mark.parametrize("end", [StoreResumed, StoreDisconnected])
async def test_a_suspended_store_is_one_alert_until_it_is_written_to_or_taken_away(
    store: Store, end: type[Any]
) -> None:
    alert = told(await store.tell(StoreSuspended, reason=SuspendReason.frozen))
    assert (alert.kind, alert.store_id) == (AlertKind.store_suspended, store.id)
    assert ended(await store.tell(end)) == [alert.alert_id]
    assert await store.tell(end) == []


@pytest.mark.parametrize("reason", SuspendReason)
async def test_every_reason_to_suspend_a_store_is_told_in_words(
    store: Store, reason: SuspendReason
) -> None:
    alert = told(await store.tell(StoreSuspended, reason=reason, detail="why"))
    assert alert.message.endswith(" Nothing is written to it until you act. (why)")
    assert alert.threshold == reason.value
    if reason is SuspendReason.frozen:
        assert alert.message.startswith("The shop is frozen or locked by its marketplace.")


async def test_a_worse_trouble_takes_the_place_of_the_one_that_was_told(store: Store) -> None:
    """Or its owner would go on looking at prices while the store needs another secret."""
    breaker = told(await store.tell(StoreSuspended, reason=SuspendReason.breaker))
    said = await store.tell(StoreSuspended, reason=SuspendReason.auth_revoked)
    assert ended(said) == [breaker.alert_id]
    assert told(said).threshold == "auth_revoked"


async def test_a_store_that_was_refused_is_an_alert_until_it_is_connected(store: Store) -> None:
    suspended = told(await store.tell(StoreSuspended, reason=SuspendReason.auth_revoked))
    said = await store.rejected("unfit: it sells in EUR")
    assert ended(said) == [suspended.alert_id]
    refused = told(said)
    assert refused.message == (
        "The store could not be connected (unfit: it sells in EUR)."
        " Nothing is written to it until you connect it again."
    )
    assert ended(await store.connected()) == [refused.alert_id]
    assert await store.connected() == []


async def test_connected_again_with_other_fees_its_listings_are_decided_with_them(
    store: Store, decisions: Decisions
) -> None:
    shop = store.shop
    await shop.lists("elsewhere", store="second store")
    await shop.lists("over")
    await shop.database.fetch_one(
        "UPDATE listings SET status = 'Ended' WHERE id = %s RETURNING 1", (shop.id_of("over"),)
    )
    await shop.scene.said()
    await store.connected("shopify-advanced")
    (made,) = decisions(await shop.drains())
    assert made.listing_id == shop.id_of("listing")
    assert made.fee_schedule is not None
    assert made.fee_schedule.startswith("shopify-advanced/")
    await store.connected("shopify-advanced")
    assert await shop.drains() == []
