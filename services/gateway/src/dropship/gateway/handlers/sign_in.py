"""Sign-up and sign-in: the only places that see a password."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from dropship.contracts.ids import uuid7
from dropship.contracts.tenants import TenantOpened, Tier
from dropship.gateway.adapters.passwords import Passwords
from dropship.gateway.domain.accounts import same_address
from dropship.gateway.handlers.answered_keys import claim, reused
from dropship.gateway.handlers.sessions import NotSignedIn, SignedIn, open_session
from dropship.gateway.handlers.visits import Visitor, audit
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction

_SIGN_UP = "signup"


async def sign_up(
    database: Database,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    tier: Tier,
    key: str | None,
    visitor: Visitor,
) -> SignedIn:
    """Open a tenant with its first user, and sign that user in.

    A repeat under the same key signs the same user in again: the tokens of the first answer cannot
    be given twice, because only their hashes are kept.
    Raises Refused when the address has an account, or when the key stands for another request.
    """
    user_id, tenant_id, address = uuid7(), uuid7(), same_address(email)
    password_hash = await passwords.make(password)
    async with database.transaction(tenant=str(tenant_id), actor=str(user_id)) as tx:
        request = sha256(address.encode()).digest()
        if not (key and await claim(tx, _SIGN_UP, key, request, user_id)):
            await _create(tx, user_id, (email, address, password_hash))
            await _open_tenant(tx, tenant_id, user_id, tier)
            await audit(tx, "signup", visitor, tenant_id=tenant_id, user_id=user_id)
            return await open_session(tx, user_id, tenant_id, visitor)
    try:
        return await sign_in(database, passwords, email=email, password=password, visitor=visitor)
    except NotSignedIn:
        raise reused() from None


async def _create(tx: Transaction, user_id: UUID, account: tuple[str, str, str]) -> None:
    created = await tx.fetch_one(
        "INSERT INTO users (id, email, address, password_hash, created_at, last_login_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (address) DO NOTHING RETURNING id",
        (user_id, *account, tx.at, tx.at),
    )
    if created is None:
        raise Refused(
            "email_taken", "has an account already: log in", kind="conflict", field="email"
        )


async def _open_tenant(tx: Transaction, tenant_id: UUID, owner: UUID, tier: Tier) -> None:
    await tx.execute(
        "INSERT INTO tenants (id, tier, created_at) VALUES (%s, %s, %s)", (tenant_id, tier, tx.at)
    )
    await tx.execute(
        "INSERT INTO memberships (user_id, tenant_id, created_at) VALUES (%s, %s, %s)",
        (owner, tenant_id, tx.at),
    )
    tx.say(
        TenantOpened(tenant_id=str(tenant_id), tier=tier), about=f"tenant:{tenant_id}", version=1
    )


async def sign_in(
    database: Database, passwords: Passwords, *, email: str, password: str, visitor: Visitor
) -> SignedIn:
    """Begin a session. Raises NotSignedIn for a wrong password and an unknown address alike."""
    row = await database.fetch_one(
        "SELECT u.id, m.tenant_id, u.password_hash, u.is_active FROM users u"
        " JOIN memberships m ON m.user_id = u.id WHERE u.address = %s"
        " ORDER BY m.created_at LIMIT 1",
        (same_address(email),),
    )
    fits = await passwords.fits(password, row[2] if row else None)
    if row is None or not fits or not row[3]:
        await _note_refusal(database, row, visitor)
        raise NotSignedIn("wrong_credentials")
    user_id, tenant_id, known_hash, _ = row
    new_hash = await passwords.make(password) if passwords.is_outdated(known_hash) else known_hash
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE users SET last_login_at = %s, password_hash = %s WHERE id = %s",
            (tx.at, new_hash, user_id),
        )
        await audit(tx, "login", visitor, tenant_id=tenant_id, user_id=user_id)
        return await open_session(tx, user_id, tenant_id, visitor)


async def _note_refusal(database: Database, row: tuple[Any, ...] | None, visitor: Visitor) -> None:
    async with database.transaction() as tx:
        user_id, tenant_id = (None, None) if row is None else row[:2]
        await audit(tx, "login_refused", visitor, tenant_id=tenant_id, user_id=user_id)
