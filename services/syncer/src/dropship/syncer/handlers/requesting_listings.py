"""A tenant wants a watched product for sale in a store."""

from datetime import timedelta
from uuid import UUID, uuid5

from dropship.contracts.listings import ListingRequested, RequestListing
from dropship.contracts.stores import StoreStatus
from dropship.pricing.money import Money, to_wire
from dropship.runtime.asking import Asked
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction
from dropship.syncer.handlers.wishes import (
    consistent,
    key_reused,
    payable,
    policy_named,
    storable,
)
from dropship.syncer.projections import stores, tenants
from dropship.syncer.projections.stores import Known
from dropship.syncer.queries.listings import details
from dropship.syncer.queries.reading import known_id, not_found
from dropship.syncer.tables import NOT_OVER

_SAME = f"SELECT id FROM listings WHERE store_id = %s AND product_id = %s AND {NOT_OVER}"  # noqa: S608
_COUNT = f"SELECT count(*) FROM listings WHERE tenant_id = %s AND {NOT_OVER}"  # noqa: S608
_INSERT = """
INSERT INTO listings (id, tenant_id, version, store_id, product_id, marketplace, sku, title,
  description, policy_id, currency, override_minor, min_minor, max_minor, status, sync, check_at,
  created_at, updated_at)
VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'Pending', %s, %s, %s, %s)
"""


class Requesting:
    """Obeys `RequestListing`; listings are compared with the marketplace every so often."""

    def __init__(self, check_every_s: float) -> None:
        self._check_every = timedelta(seconds=check_every_s)

    async def request_listing(self, asked: Asked[RequestListing], tx: Transaction) -> bytes:
        """Keep the wish, and say it. Nothing is sent before there is a decision."""
        wish = asked.question
        quota = await tenants.quota(tx, asked.tenant)
        product = await _watched(asked, tx)
        store = await _open_store(asked, tx)
        assert store.currency is not None
        amounts = [
            payable(wish.price, store.currency, "price"),
            payable(wish.min_price, store.currency, "min_price"),
            payable(wish.max_price, store.currency, "max_price"),
        ]
        consistent(*amounts)
        id_ = uuid5(asked.command_id, "listing")
        if await tx.fetch_one("SELECT 1 FROM listings WHERE id = %s", (id_,)):
            raise key_reused("listing")
        await _is_new(tx, store, product)
        await _has_room(tx, asked.tenant, quota.listings)
        await self._keep(tx, id_, store, product, wish, amounts)
        _say(tx, id_, store, product, policy_named(wish.policy_id), amounts)
        return await details(tx, asked.tenant, id_)

    async def _keep(
        self,
        tx: Transaction,
        id_: UUID,
        store: Known,
        product: UUID,
        wish: RequestListing,
        amounts: list[Money | None],
    ) -> None:
        sync = "rehearsed" if store.standing.rehearses else "pending"
        await tx.execute(
            _INSERT,
            (
                *(id_, store.tenant, store.id, product, store.marketplace, sku_of(id_)),
                *(storable(wish.title), storable(wish.description), policy_named(wish.policy_id)),
                store.currency,
                *(amount.minor if amount else None for amount in amounts),
                *(sync, tx.at + self._check_every, tx.at, tx.at),
            ),
        )


def sku_of(listing: UUID) -> str:
    """The stock keeping unit that the marketplace shows: short, and ours for ever."""
    return f"DC-{listing.hex[:12]}"


async def _watched(asked: Asked[RequestListing], tx: Transaction) -> UUID:
    product = known_id(asked.question.product_id, "product")
    if not await tenants.watches(tx, asked.tenant, product):
        detail = f"you watch no product {asked.question.product_id}; import it first"
        raise Refused("unknown_product", detail, kind="not_found", field="product_id")
    return product


async def _open_store(asked: Asked[RequestListing], tx: Transaction) -> Known:
    """The tenant's store, locked: two wishes for one product meet here, not at the index."""
    text = asked.question.store_id
    store = await stores.lock_of(tx, asked.tenant, known_id(text, "store"))
    if store is None:
        raise not_found(text, "store")
    if store.standing.status is not StoreStatus.connected or store.currency is None:
        detail = f"the store is {store.standing.status}; it takes listings once it is connected"
        raise Refused("store_not_connected", detail, kind="conflict", field="store_id")
    return store


async def _is_new(tx: Transaction, store: Known, product: UUID) -> None:
    same = await tx.fetch_one(_SAME, (store.id, product))
    if same is not None:
        detail = f"listing {same[0]} offers it in this store already; change or end that one"
        raise Refused("already_listed", detail, kind="conflict", field="product_id")


async def _has_room(tx: Transaction, tenant: str, allowed: int) -> None:
    row = await tx.fetch_one(_COUNT, (tenant,))
    if row is not None and row[0] >= allowed:
        detail = f"your tier allows {allowed} listings; end one, or take a larger tier"
        raise Refused("too_many_listings", detail, kind="limit")


def _say(
    tx: Transaction,
    id_: UUID,
    store: Known,
    product: UUID,
    policy_id: str | None,
    amounts: list[Money | None],
) -> None:
    assert store.currency is not None
    price, least, most = (to_wire(amount) if amount else None for amount in amounts)
    tx.say(
        ListingRequested(
            listing_id=str(id_),
            product_id=str(product),
            store_id=str(store.id),
            marketplace=store.marketplace,
            currency=store.currency,
            fee_schedule=store.fee_schedule,
            policy_id=policy_id,
            price=price,
            min_price=least,
            max_price=most,
        ),
        about=f"listing:{id_}",
        key=str(product),
        version=1,
    )
