"""API keys: made once, shown once, recognised by a hash, and taken away."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.ids import uuid7
from dropship.contracts.tenants import QUOTAS, Tier
from dropship.gateway.domain.access import scopes_of_key
from dropship.gateway.domain.api_keys import SECRET_BYTES, Shown, digest_of, written
from dropship.gateway.handlers.answered_keys import claim
from dropship.gateway.handlers.visits import Visitor, audit
from dropship.gateway.queries.standings import Standing
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction

USE_NOTED_EVERY = timedelta(seconds=60)
_NOBODYS = bytes(32)


class KeyWanted(Struct, frozen=True, kw_only=True):
    """An API key as its owner wants it. Without `expires_at` it is good until it is revoked."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


class KeyHolder(Struct, frozen=True, kw_only=True):
    """Whom a good API key stands for."""

    user: str
    tenant: str
    standing: Standing
    expires_at: datetime | None


async def make_key(
    database: Database,
    wanted: KeyWanted,
    *,
    tenant: str,
    user: str,
    idempotency_key: str | None,
    visitor: Visitor,
) -> tuple[UUID, str, datetime]:
    """Make an API key: its id, its text, which nobody can read again, and when it was made.

    Raises Refused: for an expiry in the past, when the tier has no room for another, and for an
    Idempotency-Key that has made one before, because that one cannot be shown again.
    """
    key_id, secret = uuid7(), secrets.token_bytes(SECRET_BYTES)
    async with database.transaction(tenant=tenant, actor=user) as tx:
        if idempotency_key is not None:
            request = b"api_key" + msgspec.json.encode(wanted)
            earlier = await claim(tx, tenant, idempotency_key, request, key_id)
            if earlier is not None:
                raise _shown_before(earlier)
        if wanted.expires_at is not None and wanted.expires_at <= tx.at:
            raise Refused("already_expired", "lies in the past", field="expires_at")
        await _check_room(tx, UUID(tenant))
        await _keep(tx, key_id, secret, wanted, tenant=UUID(tenant), user=UUID(user))
        await _write_down(tx, "api_key_made", key_id, tenant, user, visitor, wanted.scopes)
        return key_id, written(key_id, secret), tx.at


async def _keep(
    tx: Transaction, key_id: UUID, secret: bytes, wanted: KeyWanted, *, tenant: UUID, user: UUID
) -> None:
    await tx.execute(
        "INSERT INTO api_keys (id, tenant_id, user_id, name, secret_sha256, scopes, created_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            key_id,
            tenant,
            user,
            wanted.name,
            digest_of(secret),
            list(wanted.scopes),
            tx.at,
            wanted.expires_at,
        ),
    )


async def _check_room(tx: Transaction, tenant: UUID) -> None:
    """The lock on the tenant lets two requests at once not both take the last place."""
    row = await tx.fetch_one("SELECT tier FROM tenants WHERE id = %s FOR UPDATE", (tenant,))
    assert row is not None
    room = QUOTAS[row[0]].api_keys
    counted = await tx.fetch_one(
        "SELECT count(*) FROM api_keys WHERE tenant_id = %s AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > %s)",
        (tenant, tx.at),
    )
    assert counted is not None
    if counted[0] >= room:
        raise Refused("quota_api_keys", f"the tier {row[0]} has {room} API keys", kind="limit")


def _shown_before(key_id: UUID) -> Refused:
    return Refused(
        "shown_before",
        f"this request has made the API key {key_id}, which is shown only once: revoke it, and make"
        " another under a fresh Idempotency-Key",
        kind="conflict",
        field="Idempotency-Key",
    )


async def revoke_key(
    database: Database, key_id: str, *, tenant: str, user: str, visitor: Visitor
) -> UUID:
    """End an API key; its id. Ending it again changes nothing.

    Raises Refused for a foreign or unknown one.
    """
    async with database.transaction(tenant=tenant, actor=user) as tx:
        row = await _held(tx, key_id, UUID(tenant))
        if row is None:
            raise Refused("api_key_not_found", "no such API key", kind="not_found")
        identity, revoked_at = row
        if revoked_at is None:
            await tx.execute("UPDATE api_keys SET revoked_at = %s WHERE id = %s", (tx.at, identity))
            await _write_down(tx, "api_key_revoked", identity, tenant, user, visitor)
        return UUID(str(identity))


async def _held(tx: Transaction, key_id: str, tenant: UUID) -> tuple[Any, ...] | None:
    try:
        identity = UUID(key_id)
    except ValueError:
        return None
    return await tx.fetch_one(
        "SELECT id, revoked_at FROM api_keys WHERE id = %s AND tenant_id = %s FOR UPDATE",
        (identity, tenant),
    )


async def holder_of(database: Database, shown: Shown, at: datetime) -> KeyHolder | None:
    """Whom the key stands for; None when it is unknown, wrong, revoked or expired.

    An unknown key costs the same comparison as a wrong one. That the key was used is noted at most
    once a minute.
    """
    row = await database.fetch_one(
        "SELECT k.secret_sha256, k.scopes, k.tenant_id, k.user_id, k.expires_at, k.last_used_at,"
        " m.role, t.tier FROM api_keys k JOIN users u ON u.id = k.user_id AND u.is_active"
        " JOIN memberships m ON m.user_id = k.user_id AND m.tenant_id = k.tenant_id"
        " JOIN tenants t ON t.id = k.tenant_id WHERE k.id = %s AND k.revoked_at IS NULL"
        " AND (k.expires_at IS NULL OR k.expires_at > %s)",
        (shown.id, at),
    )
    same = hmac.compare_digest(bytes(row[0]) if row else _NOBODYS, shown.secret_sha256)
    if row is None or not same:
        return None
    _, scopes, tenant, user, expires_at, last_used_at, role, tier = row
    if last_used_at is None or at - last_used_at >= USE_NOTED_EVERY:
        async with database.transaction() as tx:
            await tx.execute("UPDATE api_keys SET last_used_at = %s WHERE id = %s", (at, shown.id))
    return KeyHolder(
        user=str(user),
        tenant=str(tenant),
        standing=Standing(scopes=scopes_of_key(scopes, role), tier=Tier(tier)),
        expires_at=expires_at,
    )


async def _write_down(
    tx: Transaction,
    action: str,
    key_id: UUID,
    tenant: str,
    user: str,
    visitor: Visitor,
    scopes: Sequence[str] | None = None,
) -> None:
    await audit(
        tx,
        action,
        visitor,
        tenant_id=UUID(tenant),
        user_id=UUID(user),
        entity=("api_key", str(key_id)),
        new=None if scopes is None else {"scopes": scopes},
    )
