"""Listings with all that a decision about them rests on."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.policies import Rules
from dropship.policy.domain.facts import Facts, Last
from dropship.policy.domain.scope import Candidate, in_force
from dropship.policy.queries.verdicts import Verdict
from dropship.pricing.money import Money
from dropship.runtime.database import Reads

_LISTINGS = """
SELECT l.tenant_id, l.policy_id, l.decision_no, l.verdict::text, l.cause,
       l.id, l.product_id, l.store_id, l.currency, l.fee_schedule, l.sellable_since,
       l.override_minor, l.override_currency, l.min_price_minor, l.min_price_currency,
       l.max_price_minor, l.max_price_currency, p.cost_minor, p.cost_currency,
       p.flags, p.availability, p.stock, p.quantity_kind, p.ships_in_days, p.vanished_at,
       (SELECT coalesce(sum(s.quantity), 0) FROM sold s
         WHERE s.tenant_id = l.tenant_id AND s.product_id = l.product_id
           AND s.ordered_at >= p.stated_at AND s.cancelled_at IS NULL)
  FROM listings l LEFT JOIN products p ON p.id = l.product_id
 WHERE l.status NOT IN ('Ended', 'Delisted')
"""
_OF_PRODUCTS = _LISTINGS + "AND l.product_id = ANY(%s) ORDER BY l.product_id, l.id FOR UPDATE OF l"
_OF_TENANT = _LISTINGS + "AND l.tenant_id = %s ORDER BY l.id"

_POLICIES = """
SELECT p.tenant_id, p.id, p.version, p.store_id, p.rank, v.rules::text
  FROM policies p JOIN policy_versions v ON v.policy_id = p.id AND v.version = p.version
 WHERE p.tenant_id = ANY(%s) AND p.retired_at IS NULL
   AND (p.store_id IS NULL OR p.store_id = ANY(%s::uuid[]))
"""


class Known(Struct, frozen=True, kw_only=True):
    """A listing that is not over: whose it is, what was decided last, and the facts of now.

    `named` is the policy it names; `cause` the history of its newest DecisionMade, as stored.
    """

    tenant: str
    named: str | None
    decision_no: int
    verdict: Verdict | None
    cause: bytes | None
    facts: Facts

    def under(self, candidates: Iterable[Candidate]) -> "Known":
        """The same with the one of its tenant's policies that decides it."""
        policy = in_force(candidates, named=self.named, store_id=self.facts.store_id)
        return replace(self, facts=replace(self.facts, policy=policy))


async def of_products(reads: Reads, products: Collection[UUID]) -> list[Known]:
    """The listings of these products, locked, each under its policy. The products are locked."""
    found = [_known(row) for row in await reads.fetch_all(_OF_PRODUCTS, (sorted(products),))]
    return await _ruled(reads, found)


async def of_tenant(reads: Reads, tenant: str) -> list[Known]:
    """All listings of a tenant, under no policy yet."""
    return [_known(row) for row in await reads.fetch_all(_OF_TENANT, (tenant,))]


async def candidates_of(
    reads: Reads, tenants: Collection[str], stores: Collection[str]
) -> dict[str, list[Candidate]]:
    """The policies in use that may decide listings of these tenants' stores."""
    found: dict[str, list[Candidate]] = {tenant: [] for tenant in tenants}
    rows = await reads.fetch_all(_POLICIES, (sorted(tenants), sorted(stores)))
    for tenant, id_, version, store_id, rank, rules in rows:
        found[tenant].append(
            Candidate(
                policy_id=str(id_),
                version=version,
                store_id=str(store_id) if store_id else None,
                rank=rank,
                rules=msgspec.json.decode(rules, type=Rules),
            )
        )
    return found


async def _ruled(reads: Reads, found: Sequence[Known]) -> list[Known]:
    if not found:
        return []
    stores = {one.facts.store_id for one in found}
    candidates = await candidates_of(reads, {one.tenant for one in found}, stores)
    return [one.under(candidates[one.tenant]) for one in found]


def _known(row: tuple[Any, ...]) -> Known:
    tenant, named, decision_no, stored, cause, *rest = row
    verdict = msgspec.json.decode(stored, type=Verdict) if stored is not None else None
    return Known(
        tenant=tenant,
        named=str(named) if named else None,
        decision_no=decision_no,
        verdict=verdict,
        cause=cause,
        facts=_facts(rest, verdict),
    )


def _facts(row: Sequence[Any], verdict: Verdict | None) -> Facts:
    id_, product_id, store_id, currency, fee_schedule, sellable_since = row[:6]
    flags, availability, stock, kind, ships_in_days, vanished_at, sold = row[14:]
    return Facts(
        listing_id=str(id_),
        product_id=str(product_id),
        store_id=str(store_id),
        currency=currency,
        fee_schedule=fee_schedule,
        override=_money(*row[6:8]),
        min_price=_money(*row[8:10]),
        max_price=_money(*row[10:12]),
        cost=_money(*row[12:14]),
        flags=tuple(flags or ()),
        availability=Availability(availability) if availability else None,
        stock=stock,
        quantity_kind=QuantityKind(kind) if kind else None,
        ships_in_days=ships_in_days,
        sold=sold,
        vanished=vanished_at is not None,
        sellable_since=sellable_since,
        last=Last.of(verdict) if verdict else None,
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return Money(minor, currency) if minor is not None and currency is not None else None
