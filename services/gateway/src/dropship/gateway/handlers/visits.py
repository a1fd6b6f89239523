"""Where a request came from, and the record of what people did."""

from typing import Any

import msgspec
from msgspec import Struct

from dropship.runtime.journal import Transaction


class Visitor(Struct, frozen=True, kw_only=True):
    """The other end of a request. Personal: it stays in sessions and the audit log."""

    ip: str | None = None
    user_agent: str | None = None


async def audit(
    tx: Transaction,
    action: str,
    visitor: Visitor,
    *,
    tenant_id: Any = None,
    user_id: Any = None,
    entity: tuple[str, str] | None = None,
    old: object = None,
    new: object = None,
) -> None:
    """Write down who did what, in the transaction that does it. Never a password, token or URL."""
    entity_type, entity_id = entity or (None, None)
    await tx.execute(
        "INSERT INTO audit_log (tenant_id, user_id, action, entity_type, entity_id, old_value,"
        " new_value, ip, user_agent, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s)",
        (
            tenant_id,
            user_id,
            action,
            entity_type,
            entity_id,
            _json(old),
            _json(new),
            visitor.ip,
            visitor.user_agent,
            tx.at,
        ),
    )


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
