"""The rows of `decisions`: every evaluation by value, and what became of it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.decisions import Link
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.projections.causes import Chain, as_json
from dropship.runtime.journal import Transaction

MOST_BROUGHT = 20
"""A listing that is paused and resumed for weeks under one decision keeps the latest of these."""


class Decision(Struct, frozen=True, kw_only=True):
    """One row to be written. `event_id` is its DecisionMade, None where nobody was told."""

    tenant: str
    decision_no: int
    facts: Facts
    ruling: Ruling
    chain: Chain
    event_id: UUID | None


_ADD = """
INSERT INTO decisions (tenant_id, listing_id, decision_no, product_id, at, facts, ruling, said,
                       chain, event_id, last_confirmed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CONFIRM = """
UPDATE decisions SET confirmations = confirmations + 1, last_confirmed_at = %s
 WHERE tenant_id = %s AND listing_id = %s AND decision_no = %s
"""
_BROUGHT = f"""
UPDATE decisions SET brought = %s::jsonb
       || CASE WHEN jsonb_array_length(brought) < {MOST_BROUGHT} THEN brought ELSE brought - -1 END
 WHERE tenant_id = %s AND listing_id = %s AND decision_no = %s
"""  # noqa: S608 - a number of ours


async def add(tx: Transaction, decisions: Sequence[Decision]) -> None:
    """Write decisions that came to something new."""
    rows = [
        (
            one.tenant,
            one.facts.listing_id,
            one.decision_no,
            one.facts.product_id,
            tx.at,
            msgspec.json.encode(one.facts).decode(),
            msgspec.json.encode(one.ruling).decode(),
            one.event_id is not None,
            as_json(one.chain),
            one.event_id,
            tx.at,
        )
        for one in decisions
    ]
    if rows:
        await tx.executemany(_ADD, rows)


async def confirm(tx: Transaction, same: Sequence[tuple[str, str, int]]) -> None:
    """Count evaluations that came to the same as (tenant, listing, decision number)."""
    if same:
        await tx.executemany(_CONFIRM, [(tx.at, *key) for key in same])


async def bring(tx: Transaction, key: tuple[str, str, int], link: Link) -> None:
    """A decision was carried out: the newest such event first."""
    await tx.execute(_BROUGHT, (as_json([link]), *key))
