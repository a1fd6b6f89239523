"""The rows of `alerts`: at most one of a kind stands about one thing at a time."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from msgspec import Struct

from dropship.contracts.alerts import AlertKind, Severity
from dropship.runtime.journal import Transaction


class About(Struct, frozen=True, kw_only=True):
    """What an alert is about. `name` is the listing, store or source that it is counted by."""

    tenant: str
    name: str
    listing_id: str | None = None
    product_id: str | None = None
    store_id: str | None = None
    source: str | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """An alert that should stand."""

    about: About
    kind: AlertKind
    severity: Severity
    message: str
    threshold: str | None = None


class Standing(Struct, frozen=True):
    """An alert that stands."""

    id: UUID
    tenant: str
    kind: AlertKind
    name: str


class Raised(Struct, frozen=True):
    """An alert that was written just now."""

    id: UUID
    wanted: Wanted


_STANDING = """
SELECT a.id, a.tenant_id, a.alert_type, a.about FROM alerts a
  JOIN unnest(%s::text[], %s::text[]) u(tenant, name) ON (a.tenant_id, a.about) = (u.tenant, u.name)
 WHERE a.resolved_at IS NULL AND a.alert_type = ANY(%s)
 ORDER BY a.tenant_id, a.about, a.alert_type FOR UPDATE OF a
"""
_STANDING_ANYWHERE = """
SELECT id, tenant_id, alert_type, about FROM alerts
 WHERE resolved_at IS NULL AND alert_type = %s AND about = %s ORDER BY tenant_id FOR UPDATE
"""
_STANDING_OF_PRODUCT = """
SELECT id, tenant_id, alert_type, about FROM alerts
 WHERE resolved_at IS NULL AND tenant_id = %s AND alert_type = %s AND store_id = %s
   AND product_id = %s ORDER BY about FOR UPDATE
"""
_COUNTS = """
SELECT u.n, coalesce((SELECT max(raise_no) FROM alerts a
                       WHERE (a.tenant_id, a.alert_type, a.about) = (u.tenant, u.kind, u.name)), 0)
  FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY u(tenant, kind, name, n)
 ORDER BY u.n
"""
_ADD = """
INSERT INTO alerts (id, tenant_id, alert_type, about, raise_no, severity, message, threshold,
                    listing_id, product_id, store_id, source, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_AMEND = """
UPDATE alerts
   SET is_read = %(read)s, read_at = CASE WHEN %(read)s THEN coalesce(read_at, %(at)s) END,
       acknowledged_at = CASE WHEN %(acknowledge)s THEN coalesce(acknowledged_at, %(at)s)
                              ELSE acknowledged_at END
 WHERE id = %(id)s
"""
_RESOLVE = "UPDATE alerts SET resolved_at = %s WHERE id = ANY(%s)"


async def standing(
    tx: Transaction, abouts: Iterable[About], kinds: Iterable[AlertKind]
) -> list[Standing]:
    """What stands about these things, of these kinds."""
    names = sorted({(about.tenant, about.name) for about in abouts})
    tenants, things = [tenant for tenant, _ in names], [name for _, name in names]
    rows = await tx.fetch_all(_STANDING, (tenants, things, [kind.value for kind in kinds]))
    return [Standing(id_, tenant, AlertKind(kind), name) for id_, tenant, kind, name in rows]


async def standing_anywhere(tx: Transaction, kind: AlertKind, name: str) -> list[Standing]:
    """What stands about one thing that concerns many tenants."""
    rows = await tx.fetch_all(_STANDING_ANYWHERE, (kind.value, name))
    return [Standing(id_, tenant, AlertKind(kind), name) for id_, tenant, kind, name in rows]


async def standing_of_product(
    tx: Transaction, tenant: str, kind: AlertKind, store: str, product: str
) -> list[Standing]:
    """What stands about any listing of a product in a store, ended ones among them."""
    rows = await tx.fetch_all(_STANDING_OF_PRODUCT, (tenant, kind.value, store, product))
    return [Standing(id_, tenant, AlertKind(kind), name) for id_, tenant, kind, name in rows]


async def add(tx: Transaction, wanted: Sequence[Wanted]) -> list[Raised]:
    """Write new alerts; each takes the next number of its kind about its thing."""
    kinds = [one.kind.value for one in wanted]
    tenants = [one.about.tenant for one in wanted]
    names = [one.about.name for one in wanted]
    counts = await tx.fetch_all(_COUNTS, (tenants, kinds, names))
    raised = [
        (Raised(_id(one, count + 1), one), count + 1)
        for one, (_, count) in zip(wanted, counts, strict=True)
    ]
    await tx.executemany(_ADD, [(*_values(one, number), tx.at) for one, number in raised])
    return [one for one, _ in raised]


async def resolve(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Their cause is gone."""
    await tx.execute(_RESOLVE, (tx.at, list(ids)))


async def amend(tx: Transaction, id_: UUID, *, read: bool, acknowledge: bool) -> None:
    """Somebody has read it, or not after all; an acknowledgement stays."""
    await tx.execute(_AMEND, {"id": id_, "read": read, "acknowledge": acknowledge, "at": tx.at})


def _id(wanted: Wanted, number: int) -> UUID:
    name = f"{wanted.kind.value}/{wanted.about.name}/{number}"
    return uuid5(UUID(wanted.about.tenant), name)


def _values(raised: Raised, number: int) -> tuple[object, ...]:
    wanted, about = raised.wanted, raised.wanted.about
    return (
        raised.id,
        about.tenant,
        wanted.kind.value,
        about.name,
        number,
        wanted.severity,
        wanted.message,
        wanted.threshold,
        about.listing_id,
        about.product_id,
        about.store_id,
        about.source,
    )
