"""The rows of `policies` and `policy_versions`. Written only behind the tenant's closed gate."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.policies import DefinePolicy
from dropship.runtime.journal import Cause, Transaction


class Defined(Struct, frozen=True):
    """A policy as it was defined last."""

    id: UUID
    version: int
    store_id: UUID | None
    retired: bool = False


class Changed(Struct, frozen=True):
    """What happened to a policy last, for the listings that are decided anew because of it."""

    id: UUID
    tenant_id: str
    name: str
    version: int
    cause: Cause
    at: datetime
    retired: bool


_HELD = "SELECT count(*) FROM policies WHERE tenant_id = %s AND retired_at IS NULL"
_RANK = "(SELECT coalesce(max(rank), 0) + 1 FROM policies WHERE tenant_id = %(tenant)s)"

_DEFINE = f"""
INSERT INTO policies
       (id, tenant_id, name, store_id, version, rank, cause, created_at, updated_at)
VALUES (%(id)s, %(tenant)s, %(name)s, %(store)s, %(version)s, {_RANK}, %(cause)s, %(at)s, %(at)s)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version,
       rank = excluded.rank, cause = excluded.cause, updated_at = excluded.updated_at
"""  # noqa: S608 - fixed text

_VERSION = """
INSERT INTO policy_versions (policy_id, version, rules, defined_at) VALUES (%s, %s, %s, %s)
"""
_RETIRE = "UPDATE policies SET retired_at = %s, cause = %s WHERE id = %s"

_CHANGED = """
SELECT id, tenant_id, name, version, cause, coalesce(retired_at, updated_at), retired_at IS NOT NULL
  FROM policies WHERE id = ANY(%s)
"""


async def held(tx: Transaction, tenant: str) -> int:
    """How many policies the tenant has in use."""
    row = await tx.fetch_one(_HELD, (tenant,))
    return int(row[0]) if row else 0


async def find(tx: Transaction, tenant: str, id_: UUID) -> Defined | None:
    """A policy of the tenant, in use or retired."""
    row = await tx.fetch_one(
        "SELECT id, version, store_id, retired_at IS NOT NULL FROM policies"
        " WHERE id = %s AND tenant_id = %s",
        (id_, tenant),
    )
    return Defined(*row) if row else None


async def define(
    tx: Transaction, tenant: str, policy: Defined, wish: DefinePolicy, cause: Cause
) -> None:
    """Write a new version, and the policy itself when it is the first."""
    values = {
        "id": policy.id,
        "tenant": tenant,
        "name": wish.name,
        "store": policy.store_id,
        "version": policy.version,
        "cause": msgspec.json.encode(cause),
        "at": tx.at,
    }
    await tx.execute(_DEFINE, values)
    rules = msgspec.json.encode(wish.rules).decode()
    await tx.execute(_VERSION, (policy.id, policy.version, rules, tx.at))


async def retire(tx: Transaction, id_: UUID, cause: Cause) -> None:
    """From now on it decides nothing."""
    await tx.execute(_RETIRE, (tx.at, msgspec.json.encode(cause), id_))


async def changed(tx: Transaction, ids: list[UUID]) -> dict[UUID, Changed]:
    """What happened to these policies last."""
    rows = await tx.fetch_all(_CHANGED, (ids,))
    return {
        id_: Changed(id_, tenant, name, version, _cause(cause), at, retired)
        for id_, tenant, name, version, cause, at, retired in rows
    }


def _cause(stored: bytes) -> Cause:
    return msgspec.json.decode(stored, type=Cause)
