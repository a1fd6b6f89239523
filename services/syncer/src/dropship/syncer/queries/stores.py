"""Stores as their tenants see them: nothing that is sealed is ever read here."""

from typing import Any
from uuid import UUID

import msgspec

from dropship.contracts.stores import (
    Store,
    StoreDetails,
    StoreMode,
    StorePage,
    StoreStatus,
    TenantStores,
)
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.paging import cut, read_cursor
from dropship.syncer.queries.reading import known_id, not_found

_SELECT = """
SELECT id, marketplace, name, account, mode, status, status_reason, currency, fee_schedule,
       created_at, connected_at FROM store_accounts
"""
_ONE = _SELECT + "WHERE tenant_id = %s AND id = %s"
_OWN = "SELECT 1 FROM store_accounts WHERE tenant_id = %s AND id = %s"
_PAGE = _SELECT + (
    "WHERE tenant_id = %s AND (created_at, id) < (%s, %s)"
    " ORDER BY created_at DESC, id DESC LIMIT %s"
)


async def store_details(asked: Asked[StoreDetails], database: Database) -> bytes:
    """One store as JSON."""
    id_ = known_id(asked.question.store_id, "store")
    return await details(database, asked.tenant, id_)


async def own(reads: Reads, tenant: str, text: str) -> UUID:
    """The id of one of the tenant's stores. Raises Refused (`not_found`) for any other."""
    id_ = known_id(text, "store")
    if await reads.fetch_one(_OWN, (tenant, id_)) is None:
        raise not_found(text, "store")
    return id_


async def details(reads: Reads, tenant: str, id_: UUID) -> bytes:
    """One store as JSON. Raises Refused (`not_found`) for any that is not the tenant's."""
    row = await reads.fetch_one(_ONE, (tenant, id_))
    if row is None:
        raise not_found(str(id_), "store")
    return msgspec.json.encode(_store(row))


async def tenant_stores(asked: Asked[TenantStores], database: Database) -> bytes:
    """A page of the tenant's stores as JSON, the latest first."""
    question = asked.question
    before = read_cursor(question.cursor)
    rows = await database.fetch_all(_PAGE, (asked.tenant, *before, question.limit + 1))
    shown, cursor = cut(rows, question.limit, at=9, id_=0)
    return msgspec.json.encode(StorePage(items=[_store(row) for row in shown], next_cursor=cursor))


def _store(row: tuple[Any, ...]) -> Store:
    id_, marketplace, name, account, mode, status, reason, currency, fees, created, connected = row
    return Store(
        id=str(id_),
        marketplace=marketplace,
        name=name,
        account=account,
        mode=StoreMode(mode),
        status=StoreStatus(status),
        status_reason=reason,
        currency=currency,
        fee_schedule=fees,
        created_at=created,
        connected_at=connected,
    )
