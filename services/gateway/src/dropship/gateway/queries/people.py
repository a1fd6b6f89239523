"""Who somebody is, read by themselves."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dropship.runtime.database import Database


class User(Struct, frozen=True, kw_only=True):
    """A user, shown to that user only."""

    id: str
    email: str
    created_at: datetime
    last_login_at: datetime | None


class Tenant(Struct, frozen=True, kw_only=True):
    """A tenant, shown to its members; `role` is the asking user's."""

    id: str
    tier: str
    role: str
    created_at: datetime


class Me(Struct, frozen=True, kw_only=True):
    """Who asks, and for which tenant."""

    user: User
    tenant: Tenant


async def who_is(database: Database, user: str, tenant: str) -> Me | None:
    """The user as a member of the tenant, or None when that is over."""
    row = await database.fetch_one(
        "SELECT u.id, u.email, u.created_at, u.last_login_at,"
        " t.id, t.tier, m.role, t.created_at"
        " FROM users u JOIN memberships m ON m.user_id = u.id JOIN tenants t ON t.id = m.tenant_id"
        " WHERE u.id = %s AND t.id = %s AND u.is_active",
        (UUID(user), UUID(tenant)),
    )
    if row is None:
        return None
    return Me(
        user=User(id=str(row[0]), email=row[1], created_at=row[2], last_login_at=row[3]),
        tenant=Tenant(id=str(row[4]), tier=row[5], role=row[6], created_at=row[7]),
    )
