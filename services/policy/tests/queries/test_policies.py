"""A tenant's policies, page by page, and nobody else's."""

from typing import Any

import pytest

from dropship.contracts.policies import PolicyDetails, RetirePolicy, TenantPolicies
from dropship.policy.handlers.defining_policies import retire_policy
from dropship.policy.queries.policies import policy_details, tenant_policies
from dropship.runtime.errors import Refused


async def test_policies_in_use_are_listed_newest_first(story: Any) -> None:
    await story.opens("pro")
    made = []
    for n in range(5):
        made.append(await story.defines(name=f"policy {n}"))
        story.clock.advance(n % 2)
    await story.defines(name="bert's", tenant="bert")
    await story.obeys(retire_policy, RetirePolicy(policy_id=made[1].id))
    listed = []
    cursor = None
    while True:
        page = await story.answers(tenant_policies, TenantPolicies(cursor=cursor, limit=2))
        listed += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {policy.id for policy in listed} == {p.id for p in made if p.id != made[1].id}
    times = [policy.created_at for policy in listed]
    assert times == sorted(times, reverse=True)


async def test_one_policy_is_told_as_it_was_defined_last_and_when_it_was_retired(
    story: Any,
) -> None:
    policy = await story.defines()
    assert await story.answers(policy_details, PolicyDetails(policy_id=policy.id)) == policy
    story.clock.advance(1)
    await story.obeys(retire_policy, RetirePolicy(policy_id=policy.id))
    retired = await story.answers(policy_details, PolicyDetails(policy_id=policy.id))
    assert retired.retired_at == story.clock.now()


async def test_another_s_policy_does_not_exist(story: Any) -> None:
    policy = await story.defines()
    for tenant, id_ in (("bert", policy.id), ("anna", "nonsense")):
        with pytest.raises(Refused) as refused:
            await story.answers(policy_details, PolicyDetails(policy_id=id_), tenant=tenant)
        assert refused.value.kind == "not_found"
