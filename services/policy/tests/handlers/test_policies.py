"""A tenant's policies: defined, versioned, retired; and what that does to listings."""

from collections.abc import Callable
from typing import Any

import pytest

from dropship.contracts.decisions import DecisionMade
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.policies import (
    FloorRule,
    Policy,
    PolicyDefined,
    PolicyPreview,
    PolicyRetired,
    Preview,
    RetirePolicy,
    Rules,
)
from dropship.policy.handlers.deciding_again import decide_again
from dropship.policy.handlers.defining_policies import retire_policy
from dropship.policy.queries.previews import policy_preview
from dropship.runtime.errors import Refused

RulesOf = Callable[..., Rules]
Decisions = Callable[[list[Message]], list[DecisionMade]]


async def test_a_policy_has_versions_and_each_is_said(story: Any, policy_rules: RulesOf) -> None:
    first = await story.defines(name="all of it")
    story.clock.advance(60)
    second = await story.defines(policy_id=first.id, rules=policy_rules("0.30"), name="more")
    assert second == Policy(
        id=first.id,
        version=2,
        name="more",
        store_id=None,
        rules=policy_rules("0.30"),
        created_at=first.created_at,
        updated_at=story.clock.now(),
        retired_at=None,
    )
    said = [m for m in await story.scene.said() if isinstance(m, PolicyDefined)]
    assert [(m.policy_version, m.rules) for m in said] == [
        (1, policy_rules()),
        (2, policy_rules("0.30")),
    ]
    assert len(await story.rows("policy_versions", "policy_id, version")) == 2


async def a_varied_shop(story: Any, policy_rules: RulesOf) -> None:
    """Listings of every sort: free, typed, floored, sold out, named otherwise, of another store."""
    await story.defines()
    other = await story.defines(name="for one store", store_id=story.id_of("second store"))
    named = await story.defines(name="by name", rules=policy_rules("0.40"))
    await story.defines(name="for all again")
    await story.defines(tenant="bert")
    for n in range(6):
        await story.stocks(f"B{n}", cost=f"{10 + n}.00")
        await story.lists(f"free {n}", item=f"B{n}")
    await story.lists("typed", item="B1", store="third store", price="60.00")
    await story.lists("capped", item="B2", store="third store", max_price="14.00")
    await story.lists("named", item="B3", store="third store", policy_id=named.id)
    await story.lists("elsewhere", item="B4", store="second store")
    await story.lists("bert's", item="B5", tenant="bert")
    assert other.store_id == story.id_of("second store")


@pytest.mark.parametrize(
    "wish",
    [
        {"rules": ("0.25",)},
        {"rules": ("0.20",)},
        {"rules": ("0.20",), "floor": FloorRule(margin="0.05")},
        {"rules": ("0.10",), "floor": FloorRule(min_price=Money("16.00", "USD"))},
        {"rules": ("0.30",), "store": "second store"},
        {"rules": ("0.30",), "store": "third store"},
    ],
    ids=["dearer", "same", "floor", "minimum", "one store", "new store"],
)
async def test_a_definition_changes_exactly_what_the_preview_said(
    story: Any, policy_rules: RulesOf, decisions: Decisions, wish: dict[str, Any]
) -> None:
    await a_varied_shop(story, policy_rules)
    floor = {"floor": wish["floor"]} if "floor" in wish else {}
    rules = policy_rules(*wish["rules"], **floor)
    store = story.id_of(wish["store"]) if "store" in wish else None
    before = await story.rows("decisions", "listing_id, decision_no")
    preview = await story.answers(policy_preview, PolicyPreview(rules=rules, store_id=store))
    assert isinstance(preview, Preview)
    assert await story.rows("decisions", "listing_id, decision_no") == before
    await story.scene.said()

    await story.defines(rules=rules, store_id=store)
    due = await story.rows("due", "key, reason")
    made = decisions(await story.drains())
    assert len(due) == preview.decided
    assert len(made) == preview.changed == len(preview.items)
    for one in made:
        (shown,) = [item for item in preview.items if item.listing_id == one.listing_id]
        then = shown.then
        assert (then.price, then.floor, then.quantity) == (one.price, one.floor, one.quantity)
        assert tuple(then.holds) == one.holds


async def test_the_next_version_is_previewed_in_the_scope_it_has(
    story: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    policy = await story.defines()
    await story.stocks()
    await story.lists()
    question = PolicyPreview(rules=policy_rules("0.30"), policy_id=policy.id)
    preview = await story.answers(policy_preview, question)
    assert (preview.decided, preview.changed) == (1, 1)
    assert preview.items[0].now.price == Money("26.33", "USD")
    await story.scene.said()
    await story.defines(rules=policy_rules("0.30"), policy_id=policy.id)
    (made,) = decisions(await story.drains())
    assert (made.price, made.policy_version) == (preview.items[0].then.price, 2)


async def test_a_version_that_changes_nothing_is_recorded_and_not_said(
    shop: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    (row,) = await shop.rows("policies", "id, version")
    await shop.defines(policy_id=str(row[0]))
    assert decisions(await shop.drains()) == []
    rows = await shop.rows("decisions", "decision_no, said, facts -> 'policy' ->> 'version'")
    assert rows == [(1, True, "1"), (2, False, "2")]


async def test_the_closest_policy_decides_and_of_two_the_one_defined_last(
    story: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    await story.stocks()
    wide = await story.defines(rules=policy_rules("0.10"))
    (made,) = decisions(await story.lists())
    assert made.policy_id == wide.id
    store = await story.defines(rules=policy_rules("0.20"), store_id=made.store_id)
    (made,) = decisions(await story.drains())
    assert made.policy_id == store.id
    named = await story.defines(rules=policy_rules("0.30"))
    assert decisions(await story.drains()) == []
    (made,) = decisions(await story.amends(policy_id=named.id))
    assert made.policy_id == named.id
    await story.defines(rules=policy_rules("0.35"), store_id=made.store_id)
    assert decisions(await story.drains()) == []


async def test_a_retired_policy_leaves_its_listings_to_the_next_wider_one(
    story: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    await story.stocks()
    wide = await story.defines(rules=policy_rules("0.10"))
    (made,) = decisions(await story.lists())
    store = await story.defines(rules=policy_rules("0.20"), store_id=made.store_id)
    await story.drains()
    await story.obeys(retire_policy, RetirePolicy(policy_id=store.id))
    await story.obeys(retire_policy, RetirePolicy(policy_id=store.id))
    said = await story.drains()
    assert [m for m in said if isinstance(m, PolicyRetired)] == [PolicyRetired(policy_id=store.id)]
    (made,) = decisions(said)
    assert made.policy_id == wide.id
    await story.obeys(retire_policy, RetirePolicy(policy_id=wide.id))
    (made,) = decisions(await story.drains())
    assert made.holds == (Hold.no_policy,)
    with pytest.raises(Refused) as refused:
        await story.defines(policy_id=wide.id)
    assert refused.value.kind == "conflict"


async def test_the_definition_is_the_cause_of_each_tenant_s_own_decisions(
    story: Any, policy_rules: RulesOf
) -> None:
    """Two tenants define at once: their listings of one product are decided together."""
    await story.stocks()
    await story.defines()
    await story.defines(tenant="bert")
    await story.lists()
    await story.lists("bert's", tenant="bert")
    await story.scene.said()
    for tenant in ("anna", "bert"):
        await story.defines(tenant=tenant, rules=policy_rules("0.30"))
    envelopes = await story.scene.envelopes()
    defined = {e.tenant: e for e in envelopes if e.type == PolicyDefined.wire_type()}
    async with story.database.transaction() as tx:
        rows = await tx.fetch_all("DELETE FROM due RETURNING key, reason")
        await decide_again(story.kettle, [reason for _, reason in rows], tx)
    made = [e for e in await story.scene.envelopes() if e.type == DecisionMade.wire_type()]
    assert len(made) == 2
    for envelope in made:
        cause = defined[envelope.tenant]
        assert (envelope.causationid, envelope.actor) == (cause.id, cause.actor)
        assert envelope.correlationid == cause.correlationid


async def test_a_tier_allows_so_many_policies_in_use(story: Any) -> None:
    await story.opens("free")
    policies = [await story.defines(name=f"policy {n}") for n in range(5)]
    with pytest.raises(Refused) as refused:
        await story.defines(name="one more")
    assert (refused.value.kind, refused.value.reason) == ("limit", "quota_exceeded")
    await story.defines(policy_id=policies[0].id)
    await story.obeys(retire_policy, RetirePolicy(policy_id=policies[0].id))
    await story.defines(name="one more")
    await story.opens("pro")
    await story.defines(name="yet another")


async def test_rules_under_which_nothing_could_be_sold_are_refused_by_field(
    story: Any, policy_rules: RulesOf
) -> None:
    for rules, field in (
        (policy_rules("1.00"), "rules.price.value"),
        (policy_rules(floor=FloorRule(min_price=Money("1.005", "USD"))), "rules.floor.min_price"),
    ):
        for ask in (
            story.defines(rules=rules),
            story.answers(policy_preview, PolicyPreview(rules=rules)),
        ):
            with pytest.raises(Refused) as refused:
                await ask
            assert (refused.value.kind, refused.value.field) == ("invalid", field)
    assert await story.rows("policies", "id, version") == []


async def test_a_policy_keeps_its_scope(story: Any) -> None:
    policy = await story.defines(store_id=story.id_of("a store"))
    assert (await story.defines(policy_id=policy.id)).store_id == story.id_of("a store")
    with pytest.raises(Refused) as refused:
        await story.defines(policy_id=policy.id, store_id=story.id_of("another"))
    assert (refused.value.kind, refused.value.field) == ("conflict", "store_id")
    with pytest.raises(Refused) as refused:
        await story.defines(store_id="no-store")
    assert refused.value.field == "store_id"


@pytest.mark.parametrize("id_", ["unknown", "nonsense"])
async def test_another_s_policy_is_refused_exactly_like_an_unknown_one(
    story: Any, policy_rules: RulesOf, id_: str
) -> None:
    policy = await story.defines()
    asked = story.id_of("unknown") if id_ == "unknown" else id_
    for tenant, policy_id in (("bert", policy.id), ("anna", asked)):
        for ask in (
            story.defines(tenant=tenant, policy_id=policy_id),
            story.obeys(retire_policy, RetirePolicy(policy_id=policy_id), tenant=tenant),
            story.answers(
                policy_preview,
                PolicyPreview(rules=policy_rules(), policy_id=policy_id),
                tenant=tenant,
            ),
        ):
            with pytest.raises(Refused) as refused:
                await ask
            assert refused.value.kind == "not_found"
            assert refused.value.detail == f"you have no policy {policy_id}"
