"""A tenant's API keys, as far as they can be shown: never the key itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from dropship.runtime.database import Database
from dropship.runtime.paging import cut, read_cursor

_PAGE = (
    "SELECT id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_keys"
    " WHERE tenant_id = %s AND (created_at, id) < (%s, %s)"
    " ORDER BY created_at DESC, id DESC LIMIT %s"
)


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key without its secret. `last_used_at` is true to the minute."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyPage(Struct, frozen=True, kw_only=True):
    items: list[ApiKey]
    next_cursor: str | None


async def keys_of(database: Database, tenant: str, *, cursor: str | None, limit: int) -> ApiKeyPage:
    """A page of a tenant's keys, newest first. Raises Refused for a cursor that is none of ours."""
    before = read_cursor(cursor)
    rows = await database.fetch_all(_PAGE, (UUID(tenant), *before, limit + 1))
    shown, next_cursor = cut(rows, limit, at=3, id_=0)
    return ApiKeyPage(items=[_key(row) for row in shown], next_cursor=next_cursor)


def _key(row: tuple[Any, ...]) -> ApiKey:
    id_, name, scopes, created_at, last_used_at, expires_at, revoked_at = row
    return ApiKey(
        id=str(id_),
        name=name,
        scopes=scopes,
        created_at=created_at,
        last_used_at=last_used_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )
