"""What a policy would change if it were defined now: the rules are asked, nothing is written."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from dropship.contracts.policies import PolicyPreview, Preview, PreviewedListing
from dropship.policy.domain.deciding import decide_or_hold
from dropship.policy.domain.scope import Candidate
from dropship.policy.queries.knowing import Known, candidates_of, of_tenant
from dropship.policy.queries.policies import id_of, kept_store, read, store_of, usable
from dropship.policy.queries.verdicts import novelty, verdict_of
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database

UNBORN = UUID(int=0)
"""Stands for a policy that has no id yet."""

AT_A_TIME = 50
"""Listings decided before other questions get their turn."""


async def policy_preview(asked: Asked[PolicyPreview], database: Database) -> Preview:
    """Decide every listing that the policy would decide, and show those that would change.

    It asks the rules exactly what will be asked when the policy is defined; only time and new facts
    can come between the two.
    """
    usable(asked.question.rules)
    planned = await _planned(asked, database)
    known = await of_tenant(database, asked.tenant)
    stores = {one.facts.store_id for one in known}
    others = (await candidates_of(database, [asked.tenant], stores))[asked.tenant]
    then = [*(one for one in others if one.policy_id != planned.policy_id), planned]
    ruled = [one.under(then) for one in known]
    return await _compared(asked, [one for one in ruled if _by(planned, one)])


async def _planned(asked: Asked[PolicyPreview], database: Database) -> Candidate:
    """The policy as it would be: defined last of all."""
    question = asked.question
    if question.policy_id is None:
        id_, version, store = UNBORN, 1, store_of(question.store_id)
    else:
        policy = await read(database, asked.tenant, id_of(question.policy_id))
        id_, version = UUID(policy.id), policy.version + 1
        retired = policy.retired_at is not None
        store = kept_store(store_of(policy.store_id), question.store_id, retired=retired)
    return Candidate(
        policy_id=str(id_),
        version=version,
        store_id=str(store) if store else None,
        rank=2**63,
        rules=question.rules,
    )


def _by(planned: Candidate, one: Known) -> bool:
    return one.facts.policy is not None and one.facts.policy.policy_id == planned.policy_id


async def _compared(asked: Asked[PolicyPreview], decided: Sequence[Known]) -> Preview:
    items: list[PreviewedListing] = []
    for number, one in enumerate(decided):
        if number % AT_A_TIME == AT_A_TIME - 1:
            await asyncio.sleep(0)
        then = verdict_of(one.facts, decide_or_hold(one.facts, asked.at))
        if novelty(one.verdict, then) == "said":
            items.append(
                PreviewedListing(
                    listing_id=one.facts.listing_id,
                    product_id=one.facts.product_id,
                    now=one.verdict.outlook if one.verdict else None,
                    then=then.outlook,
                )
            )
    return Preview(decided=len(decided), changed=len(items), items=items)
