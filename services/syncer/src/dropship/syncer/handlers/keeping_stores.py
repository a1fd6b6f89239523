"""A tenant connects a store, changes how it is kept, or takes it away."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    OpenStore,
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
from dropship.syncer.projections import stores, tenants
from dropship.syncer.projections.stores import Known
from dropship.syncer.queries.reading import known_id, not_found
from dropship.syncer.queries.stores import details

_SAME = """
SELECT id FROM store_accounts WHERE tenant_id = %s AND marketplace = %s AND account = %s
   AND status NOT IN ('disconnected', 'rejected')
"""
_COUNT = """
SELECT count(*) FROM store_accounts
 WHERE tenant_id = %s AND status NOT IN ('disconnected', 'rejected')
"""
_INSERT = """
INSERT INTO store_accounts (id, tenant_id, marketplace, name, account, credentials, mode, status,
                            fee_schedule, opens, created_at)
VALUES (%s, %s, %s, %s, %s, %s, 'dry_run', 'connecting', %s, 1, %s)
"""
_RESUME = """
UPDATE store_accounts SET status = 'connected', status_reason = NULL, refreshing_until = NULL,
  token = CASE WHEN status_reason = 'breaker' THEN token END,
  breaker_lifted_at = CASE WHEN status_reason = 'breaker' THEN %s ELSE breaker_lifted_at END
 WHERE id = %s
"""
_DESTROY = """
UPDATE store_accounts SET status = 'disconnected', status_reason = NULL, credentials = NULL,
  token = NULL, token_expires_at = NULL, open_again_at = NULL, poll_at = NULL WHERE id = %s
"""


_REFUSED_US = frozenset({SuspendReason.auth_revoked.value, SuspendReason.scope_missing.value})


class Stores:
    """Obeys the commands about stores."""

    def __init__(self, sealer: Sealer, marketplaces: Mapping[str, Marketplace]) -> None:
        self._sealer, self._marketplaces = sealer, marketplaces

    async def connect_store(self, asked: Asked[ConnectStore], tx: Transaction) -> bytes:
        """Keep the credentials, sealed, and order a first try. Answers before that.

        For a store that refuses the ones we have, these take their place, and it is resumed.
        """
        wish = asked.question
        market = self._market(wish.marketplace)
        fees = _fees(wish.fee_schedule, market)
        quota = await tenants.quota(tx, asked.tenant)
        same = await tx.fetch_one(_SAME, (asked.tenant, wish.marketplace, wish.account))
        if same is not None:
            return await self._renew(asked, tx, same[0])
        await _has_room(tx, asked.tenant, quota.stores)
        id_ = uuid5(asked.command_id, "store")
        sealed = self._sealed(id_, wish)
        names = (wish.marketplace, wish.name, wish.account)
        await tx.execute(_INSERT, (id_, asked.tenant, *names, sealed, fees, tx.at))
        tx.order(
            OpenStore(store_id=str(id_)),
            plugin=wish.marketplace,
            lane="now",
            command_id=uuid5(id_, "open/1"),
        )
        return await details(tx, asked.tenant, id_)

    async def _renew(self, asked: Asked[ConnectStore], tx: Transaction, id_: UUID) -> bytes:
        store = await stores.lock(tx, id_)
        assert store is not None
        if store.standing.reason not in _REFUSED_US:
            detail = f"store {id_} is this one already; disconnect that first"
            raise Refused("already_connected", detail, kind="conflict", field="account")
        sealed = self._sealed(id_, asked.question)
        await tx.execute("UPDATE store_accounts SET credentials = %s WHERE id = %s", (sealed, id_))
        await _resume(tx, store)
        await stores.bring_all(tx, id_)
        return await details(tx, asked.tenant, id_)

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


def _fees(wanted: str | None, market: Marketplace) -> str:
    """The store's fee schedule: the one that is named, else the marketplace's first."""
    if wanted is None:
        return market.fee_schedules[0]
    if wanted not in market.fee_schedules:
        known = ", ".join(market.fee_schedules)
        detail = f"{market.name} has no fee schedule {wanted}; use one of: {known}"
        raise Refused("unknown_fee_schedule", detail, field="fee_schedule")
    return wanted


async def _has_room(tx: Transaction, tenant: str, allowed: int) -> None:
    row = await tx.fetch_one(_COUNT, (tenant,))
    if row is not None and row[0] >= allowed:
        detail = f"your tier allows {allowed} stores; disconnect one, or take a larger tier"
        raise Refused("too_many_stores", detail, kind="limit")


async def amend_store(asked: Asked[AmendStore], tx: Transaction) -> bytes:
    """Lift a suspension, switch between dry run and live; then look at every listing anew."""
    wish = asked.question
    store = await _mine(asked, tx)
    if store.standing.status in (StoreStatus.disconnected, StoreStatus.rejected):
        detail = f"the store is {store.standing.status}; connect it again"
        raise Refused("store_not_connected", detail, kind="conflict", field="store_id")
    if wish.resume and store.standing.status is StoreStatus.suspended:
        await _resume(tx, store)
    if wish.mode is not None and wish.mode is not store.standing.mode:
        await _switch(tx, store, wish.mode)
    await stores.bring_all(tx, store.id)
    return await details(tx, asked.tenant, store.id)


async def _resume(tx: Transaction, store: Known) -> None:
    await tx.execute(_RESUME, (tx.at, store.id))
    await say_of_store(tx, store.id, store.tenant, StoreResumed(store_id=str(store.id)))


async def _switch(tx: Transaction, store: Known, mode: StoreMode) -> None:
    """A dry run sends nothing, no pause either: so nothing may be on sale when it begins."""
    if mode is StoreMode.dry_run and await _on_sale(tx, store.id):
        detail = (
            "some of its listings are on the marketplace, and nobody would pause them; end them"
        )
        raise Refused("listings_on_sale", detail, kind="conflict", field="mode")
    await tx.execute("UPDATE store_accounts SET mode = %s WHERE id = %s", (mode.value, store.id))
    fact = StoreModeChanged(store_id=str(store.id), mode=mode)
    await say_of_store(tx, store.id, store.tenant, fact)


async def _on_sale(tx: Transaction, store: UUID) -> bool:
    row = await tx.fetch_one(
        "SELECT 1 FROM listings WHERE store_id = %s AND status NOT IN ('Ended', 'Delisted')"
        " AND (shown IS NOT NULL OR bringing IS NOT NULL) LIMIT 1",
        (store,),
    )
    return row is not None


async def disconnect_store(asked: Asked[DisconnectStore], tx: Transaction) -> bytes:
    """Destroy the credentials and the token; listings stay on the marketplace as they are."""
    store = await _mine(asked, tx)
    if store.standing.status is not StoreStatus.disconnected:
        await tx.execute(_DESTROY, (store.id,))
        await say_of_store(tx, store.id, store.tenant, StoreDisconnected(store_id=str(store.id)))
    return await details(tx, asked.tenant, store.id)


async def _mine(asked: Asked[AmendStore] | Asked[DisconnectStore], tx: Transaction) -> Known:
    """The asking tenant's store, locked. Raises Refused (`not_found`) for any other."""
    text = asked.question.store_id
    store = await stores.lock(tx, known_id(text, "store"))
    if store is None or store.tenant != asked.tenant:
        raise not_found(text, "store")
    return store
