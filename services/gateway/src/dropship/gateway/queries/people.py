"""Who somebody is: read by themselves, and by the check that a sign-in still holds."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dropship.runtime.database import Database


class User(Struct, frozen=True, kw_only=True):
    """A user, shown to that user only."""

    id: str
    email: str
    tier: str
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
        "SELECT u.id, u.email, u.tier, u.created_at, u.last_login_at,"
        " t.id, t.tier, m.role, t.created_at"
        " FROM users u JOIN memberships m ON m.user_id = u.id JOIN tenants t ON t.id = m.tenant_id"
        " WHERE u.id = %s AND t.id = %s AND u.is_active",
        (UUID(user), UUID(tenant)),
    )
    if row is None:
        return None
    return Me(
        user=User(
            id=str(row[0]), email=row[1], tier=row[2], created_at=row[3], last_login_at=row[4]
        ),
        tenant=Tenant(id=str(row[5]), tier=row[6], role=row[7], created_at=row[8]),
    )


async def session_holds(database: Database, session: str) -> bool:
    """Whether a sign-in has neither been revoked nor lost its user."""
    row = await database.fetch_one(
        "SELECT s.revoked_at IS NULL AND u.is_active FROM sessions s"
        " JOIN users u ON u.id = s.user_id WHERE s.id = %s",
        (UUID(session),),
    )
    return row is not None and bool(row[0])
