"""A tenant's API keys, as far as they can be shown: never the key itself."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dropship.runtime.database import Database


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


async def keys_of(
    database: Database, tenant: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[ApiKey]:
    """A tenant's keys, newest first, starting behind `before` (created at, id)."""
    created_at, key_id = before or (None, None)
    rows = await database.fetch_all(
        "SELECT id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_keys"
        " WHERE tenant_id = %(tenant)s AND (%(at)s::timestamptz IS NULL"
        " OR (created_at, id) < (%(at)s::timestamptz, %(id)s::uuid))"
        " ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
        {"tenant": UUID(tenant), "at": created_at, "id": key_id, "limit": limit},
    )
    return [
        ApiKey(
            id=str(row[0]),
            name=row[1],
            scopes=row[2],
            created_at=row[3],
            last_used_at=row[4],
            expires_at=row[5],
            revoked_at=row[6],
        )
        for row in rows
    ]
