"""A tenant's policies, each in its newest version. Another tenant's do not exist."""

from typing import Any
from uuid import UUID

import msgspec

from dropship.contracts.policies import (
    Policy,
    PolicyDetails,
    PolicyPage,
    Rules,
    TenantPolicies,
)
from dropship.policy.domain.defining import faults
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.errors import Refused
from dropship.runtime.paging import cut, read_cursor

_SELECT = """
SELECT p.id, p.version, p.name, p.store_id, v.rules::text, p.created_at, p.updated_at, p.retired_at
  FROM policies p JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.version
"""
_ONE = _SELECT + "WHERE p.tenant_id = %s AND p.id = %s"
_PAGE = _SELECT + (
    "WHERE p.tenant_id = %s AND p.retired_at IS NULL AND (p.created_at, p.id) < (%s, %s)"
    " ORDER BY p.created_at DESC, p.id DESC LIMIT %s"
)


async def policy_details(asked: Asked[PolicyDetails], database: Database) -> Policy:
    """One policy, in use or retired."""
    return await read(database, asked.tenant, id_of(asked.question.policy_id))


async def tenant_policies(asked: Asked[TenantPolicies], database: Database) -> PolicyPage:
    """A page of the policies in use, the latest created first."""
    question = asked.question
    before = read_cursor(question.cursor)
    rows = await database.fetch_all(_PAGE, (asked.tenant, *before, question.limit + 1))
    shown, cursor = cut(rows, question.limit, at=5, id_=0)
    return PolicyPage(items=[_policy(row) for row in shown], next_cursor=cursor)


async def read(reads: Reads, tenant: str, id_: UUID) -> Policy:
    """One policy. Raises Refused (`not_found`) for any that is not the tenant's."""
    row = await reads.fetch_one(_ONE, (tenant, id_))
    if row is None:
        raise not_found(str(id_))
    return _policy(row)


def id_of(policy_id: str) -> UUID:
    """The id as we store it. Raises Refused (`not_found`) for one that we could not have made."""
    try:
        return UUID(policy_id)
    except ValueError:
        raise not_found(policy_id) from None


def not_found(policy_id: str) -> Refused:
    """The one answer for unknown and foreign policies alike."""
    return Refused("not_found", f"you have no policy {policy_id}", kind="not_found")


def store_of(store_id: str | None) -> UUID | None:
    """The store that a new policy is for, None for all. One that is not the tenant's is no fault:
    the policy then decides nothing.
    """
    try:
        return UUID(store_id) if store_id is not None else None
    except ValueError:
        detail = f"{store_id} is no store of yours"
        raise Refused("invalid", detail, field="store_id") from None


def kept_store(known: UUID | None, wished: str | None, *, retired: bool) -> UUID | None:
    """The store of a next version. A policy keeps its scope: one that moved would leave listings
    behind unnoticed. Raises Refused where another is wished, or where the policy is retired.
    """
    if retired:
        raise Refused("retired", "it is out of use; define a new policy", kind="conflict")
    if wished is not None and store_of(wished) != known:
        detail = "a policy keeps its scope; retire it and define another one"
        raise Refused("scope_fixed", detail, kind="conflict", field="store_id")
    return known


def usable(rules: Rules) -> None:
    """Raise Refused for rules under which no listing could ever be sold, naming the field."""
    for fault in faults(rules):
        raise Refused("invalid", fault.detail, field=f"rules.{fault.field}")


def _policy(row: tuple[Any, ...]) -> Policy:
    id_, version, name, store_id, rules, created_at, updated_at, retired_at = row
    return Policy(
        id=str(id_),
        version=version,
        name=name,
        store_id=str(store_id) if store_id else None,
        rules=msgspec.json.decode(rules, type=Rules),
        created_at=created_at,
        updated_at=updated_at,
        retired_at=retired_at,
    )
