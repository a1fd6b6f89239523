"""What a sign-in is worth now: the tables' word on it, which no token carries."""

from uuid import UUID

from msgspec import Struct

from dropship.contracts.tenants import Tier
from dropship.gateway.domain.access import Scope, scopes_of_user
from dropship.runtime.database import Database


class Standing(Struct, frozen=True, kw_only=True):
    """What the holder of a sign-in or API key may do, and what their tenant has subscribed to."""

    scopes: frozenset[Scope]
    tier: Tier


async def standing_of_session(database: Database, session: str) -> Standing | None:
    """None when the sign-in was revoked, or its user is no longer active or no longer a member."""
    row = await database.fetch_one(
        "SELECT m.role, t.tier FROM sessions s JOIN users u ON u.id = s.user_id"
        " JOIN memberships m ON m.user_id = s.user_id AND m.tenant_id = s.tenant_id"
        " JOIN tenants t ON t.id = s.tenant_id"
        " WHERE s.id = %s AND s.revoked_at IS NULL AND u.is_active",
        (UUID(session),),
    )
    if row is None:
        return None
    role, tier = row
    return Standing(scopes=scopes_of_user(role), tier=Tier(tier))
