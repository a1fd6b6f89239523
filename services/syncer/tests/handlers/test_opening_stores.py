"""A store that was connected is tried once it can be, and its tenant learns what came of it."""

from datetime import timedelta
from typing import Any

import pytest

from dropship.contracts.stores import (
    OpenStore,
    StoreConnected,
    StoreMode,
    StoreRejected,
    StoreSuspended,
)
from dropship.runtime.errors import Retry
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Frozen,
    Invalid,
    MarketplaceError,
    OutcomeUnknown,
    ScopeMissing,
    Throttled,
    Unavailable,
)
from dropship.syncer.handlers.opening_stores import Opening
from dropship.syncer.projections.stores import OPENED_WITHIN


@pytest.fixture
def opening(stores: Any) -> Opening:
    return Opening(stores.database, stores.keyring)


async def test_good_credentials_connect_it(stores: Any, opening: Opening) -> None:
    store = await stores.add(status="connecting", mode="dry_run")
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    assert await stores.scene.said() == [
        StoreConnected(
            store_id=store,
            marketplace="bazaar",
            mode=StoreMode.dry_run,
            currency="USD",
            fee_schedule="shopify-basic",
        )
    ]
    row = await stores.row(store, "status, currency, refs, connected_at, poll_at")
    assert row == ("connected", "USD", {"place": "7"}, stores.clock.now(), stores.clock.now())


async def test_trying_twice_connects_once(stores: Any, opening: Opening) -> None:
    store = await stores.add(status="connecting")
    task = stores.task(OpenStore(store_id=store))
    first, second = await opening.open_store(task), await opening.open_store(task)
    for outcome in (first, second, await opening.open_store(task)):
        async with stores.database.transaction(task.envelope) as tx:
            await outcome(tx)
    assert len(await stores.scene.said()) == 1


async def test_refused_credentials_reject_it_and_are_destroyed(
    stores: Any, opening: Opening
) -> None:
    store = await stores.add(status="connecting", secret="mistyped")
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    (said,) = await stores.scene.said()
    assert isinstance(said, StoreRejected)
    assert said.reason == "credentials_refused: unknown client"
    row = await stores.row(store, "status, credentials, token")
    assert row == ("rejected", None, None)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ScopeMissing("write_products"), "scope_missing: write_products"),
        (Invalid("no channel"), "unfit: no channel"),
    ],
)
async def test_a_store_that_lacks_what_we_need_is_rejected_with_the_reason(
    stores: Any, opening: Opening, bazaar: Any, error: MarketplaceError, reason: str
) -> None:
    store = await stores.add(status="connecting")
    bazaar.ill = error
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    (said,) = await stores.scene.said()
    assert said == StoreRejected(store_id=store, marketplace="bazaar", reason=reason)


async def test_a_store_whose_currency_has_no_fees_here_is_rejected(
    stores: Any, opening: Opening, bazaar: Any
) -> None:
    store = await stores.add(status="connecting")
    bazaar.currency = "EUR"
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    (said,) = await stores.scene.said()
    assert isinstance(said, StoreRejected)
    assert "EUR" in said.reason
    assert "USD" in said.reason


@pytest.mark.parametrize(
    "ill", [Throttled(after_s=9), Unavailable("HTTP 503"), OutcomeUnknown("no answer")]
)
async def test_an_ill_marketplace_is_tried_again(
    stores: Any, opening: Opening, bazaar: Any, ill: MarketplaceError
) -> None:
    store = await stores.add(status="connecting")
    bazaar.ill = ill
    task = stores.task(OpenStore(store_id=store), attempt=2)
    with pytest.raises(Retry) as caught:
        await opening.open_store(task)
    assert caught.value.after_s == max(ill.after_s, 4)
    lost_at = stores.clock.now() + timedelta(seconds=caught.value.after_s) + OPENED_WITHIN
    assert await stores.row(store, "open_again_at") == (lost_at,), "not while it may come again"
    async with stores.database.transaction(task.envelope) as tx:
        await opening.give_up(task, tx, "Unavailable")
    status, again_at = await stores.row(store, "status, open_again_at")
    assert status == "connecting"
    assert again_at > stores.clock.now()
    assert await stores.scene.said() == []


async def test_a_store_taken_away_meanwhile_is_left_alone(
    stores: Any, opening: Opening, bazaar: Any
) -> None:
    store = await stores.add(status="disconnected", credentials=None)
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    assert await stores.scene.said() == []
    assert bazaar.granted == []


async def test_what_comes_of_older_credentials_says_nothing_of_those_given_since(
    stores: Any, opening: Opening, bazaar: Any
) -> None:
    for older, newer in ((bazaar.secret, "mistyped"), ("mistyped", bazaar.secret)):
        store = await stores.add(status="connecting", secret=older)
        task = stores.task(OpenStore(store_id=store))
        outcome = await opening.open_store(task)
        await stores.renews(store, secret=newer)
        async with stores.database.transaction(task.envelope) as tx:
            await outcome(tx)
        status, credentials = await stores.row(store, "status, credentials IS NOT NULL")
        assert (status, credentials) == ("connecting", True)
    assert await stores.scene.said() == []


@pytest.mark.parametrize("refused", [AuthRevoked, ScopeMissing, Frozen])
async def test_a_store_that_was_in_use_is_suspended_again_and_keeps_what_it_was_given(
    stores: Any, opening: Opening, bazaar: Any, refused: type[MarketplaceError]
) -> None:
    store = await stores.add(status="connecting", suspended_for="auth_revoked")
    bazaar.ill = refused("still")
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    (said,) = await stores.scene.said()
    assert isinstance(said, StoreSuspended)
    row = await stores.row(store, "status, status_reason, suspended_for, credentials IS NULL")
    assert row == ("suspended", said.reason.value, None, False)


async def test_a_store_that_no_price_fits_any_more_is_rejected_even_if_it_was_in_use(
    stores: Any, opening: Opening, bazaar: Any
) -> None:
    store = await stores.add(status="connecting", suspended_for="frozen")
    bazaar.currency = "EUR"
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    (said,) = await stores.scene.said()
    assert isinstance(said, StoreRejected)


async def test_orders_are_read_on_from_where_they_were_and_from_the_first_day(
    stores: Any, opening: Opening
) -> None:
    first = stores.clock.now()
    store = await stores.add(status="connecting", connected_at=first, order_cursor="7")
    stores.clock.advance(86_400)
    await stores.done(stores.task(OpenStore(store_id=store)), opening.open_store)
    row = await stores.row(store, "connected_at, order_cursor, poll_at")
    assert row == (first, "7", stores.clock.now())
