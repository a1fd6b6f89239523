"""A tenant's alerts. Another tenant's do not exist."""

from typing import Any
from uuid import UUID

from dropship.contracts.alerts import Alert, AlertKind, AlertPage, TenantAlerts
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.errors import Refused
from dropship.runtime.paging import cut, read_cursor

_SELECT = """
SELECT id, alert_type, severity, message, listing_id, product_id, store_id, source, threshold,
       created_at, read_at, acknowledged_at, resolved_at
  FROM alerts WHERE tenant_id = %s
"""
_ONE = _SELECT + "AND id = %s"
_PAGE = _SELECT + (
    "AND (created_at, id) < (%s, %s) AND (NOT %s OR resolved_at IS NULL)"
    " AND (%s::uuid IS NULL OR listing_id = %s)"
    " ORDER BY created_at DESC, id DESC LIMIT %s"
)


async def tenant_alerts(asked: Asked[TenantAlerts], database: Database) -> AlertPage:
    """A page of alerts, the latest raised first."""
    question = asked.question
    before = read_cursor(question.cursor)
    listing = _listing_of(question.listing_id)
    rows = await database.fetch_all(
        _PAGE, (asked.tenant, *before, question.open, listing, listing, question.limit + 1)
    )
    shown, cursor = cut(rows, question.limit, at=9, id_=0)
    return AlertPage(items=[_alert(row) for row in shown], next_cursor=cursor)


async def read(reads: Reads, tenant: str, alert_id: str) -> Alert:
    """One alert. Raises Refused (`not_found`) for any that is not the tenant's."""
    try:
        row = await reads.fetch_one(_ONE, (tenant, UUID(alert_id)))
    except ValueError:
        row = None
    if row is None:
        raise Refused("not_found", f"you have no alert {alert_id}", kind="not_found")
    return _alert(row)


def _listing_of(listing_id: str | None) -> UUID | None:
    """No alert is about a listing that we could not have made."""
    try:
        return UUID(listing_id) if listing_id is not None else None
    except ValueError:
        return UUID(int=0)


def _alert(row: tuple[Any, ...]) -> Alert:
    id_, kind, severity, message, listing_id, product_id, store_id, source, threshold, *times = row
    raised_at, read_at, acknowledged_at, resolved_at = times
    return Alert(
        id=str(id_),
        kind=AlertKind(kind),
        severity=severity,
        message=message,
        listing_id=str(listing_id) if listing_id else None,
        product_id=str(product_id) if product_id else None,
        store_id=str(store_id) if store_id else None,
        source=source,
        threshold=threshold,
        raised_at=raised_at,
        read_at=read_at,
        acknowledged_at=acknowledged_at,
        resolved_at=resolved_at,
    )
