"""Listings as their tenants see them: what stands on the marketplace, and what is wanted there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from dropship.contracts.listings import (
    Desired,
    Hold,
    Listing,
    ListingDetails,
    ListingPage,
    ListingStatus,
    SyncState,
    TenantListings,
)
from dropship.contracts.stores import StoreStatus
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.paging import cut, read_cursor
from dropship.syncer.domain.listing import OVER, in_order
from dropship.syncer.queries.reading import amount_of, known_id, not_found
from dropship.syncer.queries.stores import own

_SELECT = """
SELECT l.id, l.created_at, l.store_id, l.product_id, l.marketplace, l.external_id, l.sku,
       coalesce(l.title, p.title, l.sku), l.status, l.ending, l.own_holds, l.sync, l.sync_detail,
       l.price_minor, l.price_currency, l.quantity, l.currency, l.override_minor, l.min_minor,
       l.max_minor, l.policy_id, l.fresh_until, l.updated_at, l.last_synced_at, s.status,
       s.status_reason, l.decision_no, l.wanted_price_minor, l.floor_minor, l.wanted_quantity,
       l.wanted_holds, l.decided_at
  FROM listings l JOIN store_accounts s ON s.id = l.store_id
  LEFT JOIN products_known p USING (product_id)
"""
_ONE = _SELECT + "WHERE l.tenant_id = %s AND l.id = %s"
_PAGE = _SELECT + (
    "WHERE l.tenant_id = %s AND (l.created_at, l.id) < (%s, %s)"
    " AND (%s::uuid IS NULL OR l.store_id = %s) AND (%s::text IS NULL OR l.status = %s)"
    " ORDER BY l.created_at DESC, l.id DESC LIMIT %s"
)


async def listing_details(asked: Asked[ListingDetails], database: Database) -> bytes:
    """One listing as JSON."""
    id_ = known_id(asked.question.listing_id, "listing")
    return await details(database, asked.tenant, id_)


async def details(reads: Reads, tenant: str, id_: UUID) -> bytes:
    """One listing as JSON. Raises Refused (`not_found`) for any that is not the tenant's."""
    row = await reads.fetch_one(_ONE, (tenant, id_))
    if row is None:
        raise not_found(str(id_), "listing")
    return msgspec.json.encode(_listing(row))


async def tenant_listings(asked: Asked[TenantListings], database: Database) -> bytes:
    """A page of the tenant's listings as JSON, the latest first."""
    question = asked.question
    before = read_cursor(question.cursor)
    store = await own(database, asked.tenant, question.store_id) if question.store_id else None
    status = question.status.value if question.status else None
    rows = await database.fetch_all(
        _PAGE, (asked.tenant, *before, store, store, status, status, question.limit + 1)
    )
    shown, cursor = cut(rows, question.limit, at=1, id_=0)
    return msgspec.json.encode(
        ListingPage(items=[_listing(row) for row in shown], next_cursor=cursor)
    )


def _listing(row: Sequence[Any]) -> Listing:
    id_, created_at, store, product, marketplace, external_id, sku, title, *rest = row
    status, ending, own_holds, sync, sync_detail, price, price_currency, quantity, *rest = rest
    currency, override, least, most, policy_id, fresh_until, *rest = rest
    updated_at, last_synced_at, store_status, store_reason, *desired = rest
    wanted = _desired(currency, *desired)
    holds = in_order((*map(Hold, own_holds), *(wanted.holds if wanted else ())))
    over = ListingStatus(status) in OVER
    return Listing(
        id=str(id_),
        store_id=str(store),
        product_id=str(product),
        marketplace=marketplace,
        external_id=external_id,
        sku=sku,
        title=title,
        status=ListingStatus(status),
        status_reason=ending if over else next((hold.value for hold in holds), None),
        holds=list(holds),
        sync=SyncState(sync),
        sync_detail=sync_detail if over else _store(store_status, store_reason) or sync_detail,
        price=amount_of(price, price_currency),
        quantity=quantity,
        desired=wanted,
        override=amount_of(override, currency),
        min_price=amount_of(least, currency),
        max_price=amount_of(most, currency),
        policy_id=policy_id,
        fresh_until=fresh_until,
        created_at=created_at,
        updated_at=updated_at,
        last_synced_at=last_synced_at,
    )


def _store(status: str, reason: str | None) -> str | None:
    """Why nothing can be said of how a listing stands there; None while its store is connected."""
    if status == StoreStatus.connected:
        return None
    tells = reason is not None and status in (StoreStatus.suspended, StoreStatus.rejected)
    return f"the store is {status}: {reason}" if tells else f"the store is {status}"


def _desired(currency: str, number: int, *row: Any) -> Desired | None:
    price, floor, quantity, holds, decided_at = row
    if number == 0:
        return None
    return Desired(
        decision_no=number,
        price=amount_of(price, currency),
        floor=amount_of(floor, currency),
        quantity=quantity,
        holds=[Hold(hold) for hold in holds],
        decided_at=decided_at,
    )
