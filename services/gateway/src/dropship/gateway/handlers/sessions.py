"""Sessions: how a sign-in begins, goes on by refresh tokens, and ends."""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from msgspec import Struct

from dropship.contracts.ids import uuid7
from dropship.gateway.domain.sessions import Shown, Verdict, expiry, judge
from dropship.gateway.handlers.visits import Visitor, audit
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction


class NotSignedIn(Exception):
    """Whoever it is has not shown who they are. The reason is for the record, not for them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignedIn(Struct, frozen=True, kw_only=True):
    """A sign-in and its one good refresh token, which nobody can read again later."""

    user_id: str
    tenant_id: str
    session_id: str
    refresh_token: str


async def open_session(
    tx: Transaction, user_id: UUID, tenant_id: UUID, visitor: Visitor
) -> SignedIn:
    """Begin a session for somebody who has just shown the password."""
    session_id = uuid7()
    await tx.execute(
        "INSERT INTO sessions (id, user_id, tenant_id, ip, user_agent, created_at, last_used_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            session_id,
            user_id,
            tenant_id,
            visitor.ip,
            visitor.user_agent,
            tx.at,
            tx.at,
            expiry(tx.at, tx.at),
        ),
    )
    return SignedIn(
        user_id=str(user_id),
        tenant_id=str(tenant_id),
        session_id=str(session_id),
        refresh_token=await _issue(tx, session_id, opened_at=tx.at),
    )


async def refresh_session(database: Database, token: str, visitor: Visitor) -> SignedIn:
    """Take one refresh token, give the next. Raises NotSignedIn.

    Of two refreshes with the same token the row lock lets one win; the other is a reuse and ends
    the session, also when it was only an impatient client.
    """
    digest = sha256(token.encode()).digest()
    async with database.transaction() as tx:
        row = await tx.fetch_one(
            "SELECT r.spent_at, r.expires_at, s.revoked_at, u.is_active,"
            " s.id, s.user_id, s.tenant_id, s.created_at FROM refresh_tokens r"
            " JOIN sessions s ON s.id = r.session_id JOIN users u ON u.id = s.user_id"
            " WHERE r.token_sha256 = %s FOR UPDATE OF r, s",
            (digest,),
        )
        verdict = judge(_shown(row), tx.at)
        if verdict is Verdict.good and row is not None:
            return await _renewed(tx, digest, *row[4:])
        await _refuse(tx, verdict, visitor, row)
    raise NotSignedIn(verdict)


def _shown(row: tuple[object, ...] | None) -> Shown | None:
    if row is None:
        return None
    spent_at, expires_at, revoked_at, user_is_active = row[:4]
    return Shown(
        spent_at=spent_at,  # type: ignore[arg-type]
        expires_at=expires_at,  # type: ignore[arg-type]
        revoked_at=revoked_at,  # type: ignore[arg-type]
        user_is_active=bool(user_is_active),
    )


async def _renewed(
    tx: Transaction,
    digest: bytes,
    session_id: UUID,
    user_id: UUID,
    tenant_id: UUID,
    opened_at: datetime,
) -> SignedIn:
    await tx.execute(
        "UPDATE refresh_tokens SET spent_at = %s WHERE token_sha256 = %s", (tx.at, digest)
    )
    await tx.execute(
        "UPDATE sessions SET last_used_at = %s, expires_at = %s WHERE id = %s",
        (tx.at, expiry(opened_at, tx.at), session_id),
    )
    return SignedIn(
        user_id=str(user_id),
        tenant_id=str(tenant_id),
        session_id=str(session_id),
        refresh_token=await _issue(tx, session_id, opened_at=opened_at),
    )


async def _refuse(
    tx: Transaction, verdict: Verdict, visitor: Visitor, row: tuple[object, ...] | None
) -> None:
    session_id, user_id, tenant_id = (None, None, None) if row is None else row[4:7]
    if verdict is Verdict.reused:
        await tx.execute(
            "UPDATE sessions SET revoked_at = %s, revoked_because = 'refresh_token_reused'"
            " WHERE id = %s AND revoked_at IS NULL",
            (tx.at, session_id),
        )
    await audit(
        tx,
        "refresh_refused",
        visitor,
        tenant_id=tenant_id,
        user_id=user_id,
        entity=None if session_id is None else ("session", str(session_id)),
        new={"reason": verdict},
    )


async def end_session(database: Database, session_id: str, visitor: Visitor) -> None:
    """End a session at its user's wish. Ending it again changes nothing."""
    async with database.transaction() as tx:
        row = await tx.fetch_one(
            "UPDATE sessions SET revoked_at = %s, revoked_because = 'logout'"
            " WHERE id = %s AND revoked_at IS NULL RETURNING user_id, tenant_id",
            (tx.at, UUID(session_id)),
        )
        if row is not None:
            await audit(
                tx,
                "logout",
                visitor,
                user_id=row[0],
                tenant_id=row[1],
                entity=("session", session_id),
            )


async def session_of_token(database: Database, token: str) -> str:
    """The session that a refresh token belongs to. Raises NotSignedIn when it is none of ours."""
    row = await database.fetch_one(
        "SELECT session_id FROM refresh_tokens WHERE token_sha256 = %s",
        (sha256(token.encode()).digest(),),
    )
    if row is None:
        raise NotSignedIn(Verdict.unknown)
    return str(row[0])


async def _issue(tx: Transaction, session_id: UUID, *, opened_at: datetime) -> str:
    token = f"dcr_{secrets.token_urlsafe(32)}"
    await tx.execute(
        "INSERT INTO refresh_tokens (token_sha256, session_id, expires_at, created_at)"
        " VALUES (%s, %s, %s, %s)",
        (sha256(token.encode()).digest(), session_id, expiry(opened_at, tx.at), tx.at),
    )
    return token
