"""A tenant connects a store, changes how it is kept, or takes it away."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    StoreDisconnected,
    StoreMode,
    StoreModeChanged,
    StoreResumed,
    StoreStatus,
    SuspendReason,
)
from dropship.runtime.asking import Asked
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction
from dropship.runtime.sealing import Sealer
from dropship.syncer.adapters.port import Credentials, Marketplace
from dropship.syncer.handlers.seals import seal_credentials
from dropship.syncer.handlers.voice import say_of_store
from dropship.syncer.handlers.wishes import key_reused
from dropship.syncer.projections import stores, tenants
from dropship.syncer.projections.stores import Counted, Known
from dropship.syncer.queries.reading import known_id, not_found
from dropship.syncer.queries.stores import details

_SAME = """
SELECT id FROM store_accounts WHERE tenant_id = %s AND marketplace = %s AND account = %s
"""
_COUNT = """
SELECT count(*) FROM store_accounts
 WHERE tenant_id = %s AND status NOT IN ('disconnected', 'rejected')
"""
_INSERT = """
INSERT INTO store_accounts (id, tenant_id, marketplace, name, account, credentials, mode, status,
                            fee_schedule, created_at)
VALUES (%s, %s, %s, %s, %s, %s, 'dry_run', 'connecting', %s, %s)
"""
_RENEW = """
UPDATE store_accounts SET name = %s, credentials = %s, mode = %s, fee_schedule = %s,
  tripped = CASE WHEN %s THEN tripped END WHERE id = %s
"""
_LIFT = """
UPDATE store_accounts SET status = 'connected', status_reason = NULL, tripped = NULL,
  breaker_lifted_at = %s
 WHERE id = %s
"""
_DESTROY = """
UPDATE store_accounts SET status = 'disconnected', status_reason = %s, suspended_for = NULL,
  credentials = NULL, token = NULL, open_again_at = NULL, poll_at = NULL
 WHERE id = %s
"""


class Stores:
    """Obeys `ConnectStore`: one row for an account for ever, whatever becomes of the store."""

    def __init__(self, sealer: Sealer, marketplaces: Mapping[str, Marketplace]) -> None:
        self._sealer, self._marketplaces = sealer, marketplaces

    async def connect_store(self, asked: Asked[ConnectStore], tx: Transaction) -> bytes:
        """Keep the credentials, sealed, and order a first try. Answers before that.

        An account that was connected before keeps its row, and with it its listings and orders.
        """
        wish = asked.question
        market = self._market(wish.marketplace)
        quota = await tenants.quota(tx, asked.tenant)
        same = await tx.fetch_one(_SAME, (asked.tenant, wish.marketplace, wish.account))
        store = await stores.lock(tx, same[0]) if same else None
        if store is None or store.is_gone:
            await _has_room(tx, asked.tenant, quota.stores)
        if store is None:
            id_ = await self._begin(asked, tx, market)
        else:
            id_ = await self._renew(tx, store, wish, market)
        await stores.begin_to_open(tx, id_)
        return await details(tx, asked.tenant, id_)

    async def _begin(
        self, asked: Asked[ConnectStore], tx: Transaction, market: Marketplace
    ) -> UUID:
        wish, id_ = asked.question, uuid5(asked.command_id, "store")
        if await tx.fetch_one("SELECT 1 FROM store_accounts WHERE id = %s", (id_,)):
            raise key_reused("store")
        fees = _known_fees(wish.fee_schedule, market) or market.fee_schedules[0]
        names = (wish.marketplace, wish.name, wish.account)
        sealed = self._sealed(id_, wish)
        await tx.execute(_INSERT, (id_, asked.tenant, *names, sealed, fees, tx.at))
        return id_

    async def _renew(
        self, tx: Transaction, store: Known, wish: ConnectStore, market: Marketplace
    ) -> UUID:
        _unless_in_use(store)
        listings = await stores.counted(tx, store.id)
        fees = _known_fees(wish.fee_schedule, market) or store.fee_schedule
        if fees != store.fee_schedule and listings.not_over:
            detail = f"its listings are priced by {store.fee_schedule}; leave that, or end them"
            raise Refused("listings_priced", detail, kind="conflict", field="fee_schedule")
        mode = _mode_of(store, listings)
        sealed = self._sealed(store.id, wish)
        guards = listings.standing > 0
        await tx.execute(_RENEW, (wish.name, sealed, mode.value, fees, guards, store.id))
        return store.id

    def _sealed(self, store: UUID, wish: ConnectStore) -> bytes:
        credentials = Credentials(wish.client_id, wish.client_secret)
        return seal_credentials(self._sealer, store, credentials)

    def _market(self, name: str) -> Marketplace:
        market = self._marketplaces.get(name)
        if market is None:
            known = ", ".join(sorted(self._marketplaces)) or "none"
            detail = f"there is no marketplace {name}; there are: {known}"
            raise Refused("unknown_marketplace", detail, field="marketplace")
        return market


def _known_fees(wanted: str | None, market: Marketplace) -> str | None:
    """The fee schedule that is named, if any. Raises Refused for one that the market has not."""
    if wanted is not None and wanted not in market.fee_schedules:
        known = ", ".join(market.fee_schedules)
        detail = f"{market.name} has no fee schedule {wanted}; use one of: {known}"
        raise Refused("unknown_fee_schedule", detail, field="fee_schedule")
    return wanted


def _unless_in_use(store: Known) -> None:
    """Raises Refused for a store that is in order, is being tried, or waits for a resume."""
    why = {
        StoreStatus.connected: "it is connected, and there is nothing to do",
        StoreStatus.connecting: "it is being tried right now; wait for what comes of it",
    }.get(store.standing.status)
    if store.standing.reason == SuspendReason.breaker:
        why = "its credentials are in order; resume it instead"
    if why is not None:
        detail = f"store {store.id} is this one already: {why}"
        raise Refused("already_connected", detail, kind="conflict", field="account")


def _mode_of(store: Known, listings: Counted) -> StoreMode:
    """A store that was away begins as a dry run again, unless listings of it still stand there: a
    dry run sends no pause either, so they would go on selling whatever becomes of the supplier."""
    if store.is_gone and not listings.standing:
        return StoreMode.dry_run
    return store.standing.mode


async def _has_room(tx: Transaction, tenant: str, allowed: int) -> None:
    row = await tx.fetch_one(_COUNT, (tenant,))
    if row is not None and row[0] >= allowed:
        detail = f"your tier allows {allowed} stores; disconnect one, or take a larger tier"
        raise Refused("too_many_stores", detail, kind="limit")


async def amend_store(asked: Asked[AmendStore], tx: Transaction) -> bytes:
    """Lift a suspension, switch between dry run and live; then look at every listing anew, if other
    calls may be made now than before."""
    wish = asked.question
    store = await _mine(asked, tx)
    if store.is_gone:
        detail = f"the store is {store.standing.status}; connect it again first"
        raise Refused("store_not_connected", detail, kind="conflict", field="store_id")
    if wish.resume and store.standing.status is StoreStatus.suspended:
        await _resume(tx, store)
    if wish.mode is not None and wish.mode is not store.standing.mode:
        await _switch(tx, store, wish.mode)
    return await details(tx, asked.tenant, store.id)


async def _resume(tx: Transaction, store: Known) -> None:
    """Lift the breaker; whom the marketplace refused is tried first, and believed after that."""
    if store.standing.reason != SuspendReason.breaker:
        await stores.begin_to_open(tx, store.id)
        return
    await tx.execute(_LIFT, (tx.at, store.id))
    await say_of_store(tx, store.id, store.tenant, StoreResumed(store_id=str(store.id)))
    await stores.bring_all(tx, store.id)


async def _switch(tx: Transaction, store: Known, mode: StoreMode) -> None:
    """A dry run sends nothing, no pause either: so nothing may be on sale when it begins."""
    if mode is StoreMode.dry_run and (await stores.counted(tx, store.id)).standing:
        detail = (
            "some of its listings are on the marketplace, and nobody would pause them; end them"
        )
        raise Refused("listings_on_sale", detail, kind="conflict", field="mode")
    await tx.execute("UPDATE store_accounts SET mode = %s WHERE id = %s", (mode.value, store.id))
    fact = StoreModeChanged(store_id=str(store.id), mode=mode)
    await say_of_store(tx, store.id, store.tenant, fact)
    await stores.bring_all(tx, store.id)


async def disconnect_store(asked: Asked[DisconnectStore], tx: Transaction) -> bytes:
    """Destroy the credentials and the token; listings stay on the marketplace as they are."""
    store = await _mine(asked, tx)
    if store.standing.status is not StoreStatus.disconnected:
        left = _left((await stores.counted(tx, store.id)).standing)
        await tx.execute(_DESTROY, (left, store.id))
        await say_of_store(tx, store.id, store.tenant, StoreDisconnected(store_id=str(store.id)))
    return await details(tx, asked.tenant, store.id)


def _left(standing: int) -> str | None:
    """What the tenant must know of a store that is taken away."""
    if standing == 0:
        return None
    if standing == 1:
        return "1 listing stays on the marketplace as it is"
    return f"{standing} listings stay on the marketplace as they are"


async def _mine(asked: Asked[AmendStore] | Asked[DisconnectStore], tx: Transaction) -> Known:
    """The asking tenant's store, locked. Raises Refused (`not_found`) for any other."""
    text = asked.question.store_id
    store = await stores.lock_of(tx, asked.tenant, known_id(text, "store"))
    if store is None:
        raise not_found(text, "store")
    return store
