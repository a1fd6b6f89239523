"""A tenant defines or retires a policy: every listing in its scope is decided anew, in its turn."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from dropship.contracts.policies import (
    DefinePolicy,
    Policy,
    PolicyDefined,
    PolicyRetired,
    RetirePolicy,
)
from dropship.contracts.tenants import QUOTAS, Tier
from dropship.policy.domain.facts import Facts
from dropship.policy.handlers.deciding_again import because_of_policy
from dropship.policy.projections import policies, tenants
from dropship.policy.projections.policies import Defined
from dropship.policy.queries.knowing import candidates_of, of_tenant
from dropship.policy.queries.policies import (
    id_of,
    kept_store,
    not_found,
    read,
    store_of,
    usable,
)
from dropship.runtime.asking import Asked
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Cause, Transaction


async def define_policy(asked: Asked[DefinePolicy], tx: Transaction) -> Policy:
    """Write the first or next version, say it, and mark due whatever it decides from now on."""
    wish, tenant = asked.question, asked.tenant
    usable(wish.rules)
    tier = await tenants.close_gate(tx, tenant)
    policy = await _next(tx, asked, tier)
    id_ = tx.say(
        PolicyDefined(
            policy_id=str(policy.id),
            policy_version=policy.version,
            store_id=str(policy.store_id) if policy.store_id else None,
            rules=wish.rules,
        ),
        about=f"policy:{policy.id}",
        version=policy.version,
    )
    cause = _because(tx, id_)
    await policies.define(tx, tenant, policy, wish, cause)
    await _mark_due(tx, policy.id, await _decided_by(tx, tenant, str(policy.id)))
    return await read(tx, tenant, policy.id)


async def retire_policy(asked: Asked[RetirePolicy], tx: Transaction) -> None:
    """Take it out of use; what it decided falls to the next wider one. Twice is once."""
    tenant, id_ = asked.tenant, id_of(asked.question.policy_id)
    await tenants.close_gate(tx, tenant)
    policy = await policies.find(tx, tenant, id_)
    if policy is None:
        raise not_found(asked.question.policy_id)
    if policy.retired:
        return
    decided = await _decided_by(tx, tenant, str(id_))
    said = tx.say(
        PolicyRetired(policy_id=str(id_)), about=f"policy:{id_}", version=policy.version + 1
    )
    await policies.retire(tx, id_, _because(tx, said))
    await _mark_due(tx, id_, decided)


async def _next(tx: Transaction, asked: Asked[DefinePolicy], tier: str) -> Defined:
    wish, tenant = asked.question, asked.tenant
    if wish.policy_id is None:
        await _within_quota(tx, tenant, tier)
        return Defined(uuid5(asked.command_id, "policy"), 1, store_of(wish.store_id))
    id_ = id_of(wish.policy_id)
    known = await policies.find(tx, tenant, id_)
    if known is None:
        raise not_found(wish.policy_id)
    store = kept_store(known.store_id, wish.store_id, retired=known.retired)
    return Defined(id_, known.version + 1, store)


async def _within_quota(tx: Transaction, tenant: str, tier: str) -> None:
    most = QUOTAS.get(tier, QUOTAS[Tier.free]).policies
    if await policies.held(tx, tenant) >= most:
        raise Refused(
            "quota_exceeded",
            f"your tier allows {most} policies in use; retire one, or define a next version of it",
            kind="limit",
        )


def _because(tx: Transaction, said: UUID) -> Cause:
    """From here on the definition is the cause, for as long as its listings wait to be decided."""
    tx.because(Cause(said, tx.cause.correlation, tx.cause.tenant, tx.cause.actor))
    return tx.cause


async def _decided_by(tx: Transaction, tenant: str, policy: str) -> list[Facts]:
    """The listings that this policy decides, as things stand in this transaction."""
    known = await of_tenant(tx, tenant)
    stores = {one.facts.store_id for one in known}
    candidates = (await candidates_of(tx, [tenant], stores))[tenant]
    ruled = (one.under(candidates).facts for one in known)
    return [facts for facts in ruled if facts.policy and facts.policy.policy_id == policy]


async def _mark_due(tx: Transaction, policy: UUID, decided: Sequence[Facts]) -> None:
    async with tx.connection.pipeline():
        for facts in decided:
            await tx.mark_due(facts.product_id, because_of_policy(policy, facts.listing_id))
