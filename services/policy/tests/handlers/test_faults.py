"""A fault of ours about one listing holds that listing, and nobody else's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.alerts import AlertKind, AlertRaised, AlertResolved
from dropship.contracts.decisions import DecisionMade, ListingWhy
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Message
from dropship.contracts.policies import PolicyPreview
from dropship.contracts.products import PriceChanged
from dropship.policy.domain import deciding
from dropship.policy.domain.facts import Facts
from dropship.policy.domain.finding import Finding
from dropship.policy.domain.rules.fit import fit_of
from dropship.policy.queries.previews import policy_preview
from dropship.policy.queries.why import listing_why

Costs = Callable[..., PriceChanged]
Decisions = Callable[[list[Message]], list[DecisionMade]]


class Rule:
    """The rule of fitness, with a fault that only one listing brings to light until it is mended.

    It stumbles, or what it says cannot be written down.
    """

    def __init__(self, listing: str, *, stumbles: bool) -> None:
        self.listing = listing
        self.stumbles = stumbles

    def __call__(self, facts: Facts, rule: Any) -> Finding:
        found = fit_of(facts, rule)
        if facts.listing_id != self.listing:
            return found
        if self.stumbles:
            raise ZeroDivisionError("a share of nothing")
        return Finding(outcome=found.outcome, reasons=("\x00",))


@pytest.fixture(params=[True, False], ids=["stumbles", "unwritable"])
def broken(shop: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Rule:
    rule = Rule(shop.id_of("listing"), stumbles=request.param)
    monkeypatch.setattr(deciding, "fit_of", rule)
    return rule


def by_listing(made: list[DecisionMade]) -> dict[str, DecisionMade]:
    return {one.listing_id: one for one in made}


async def test_other_tenants_listings_of_the_product_are_decided_all_the_same(
    shop: Any, costs: Costs, decisions: Decisions, broken: Rule
) -> None:
    await shop.defines(tenant="bert")
    await shop.lists("bert's", tenant="bert")
    await shop.scene.said()
    said = await shop.hears(costs("24.00", "20.00"))
    made = by_listing(decisions(said))
    held, sound = made[broken.listing], made[shop.id_of("bert's")]
    assert (held.holds, held.quantity) == ((Hold.no_price,), 0)
    assert held.reasons[0].startswith("undecided: ")
    assert (sound.holds, sound.quantity) == ((), 10)
    alerts = [m for m in said if isinstance(m, AlertRaised) and m.kind is AlertKind.no_price]
    assert [(alert.listing_id, "a fault of ours" in alert.message) for alert in alerts] == [
        (broken.listing, True)
    ]


async def test_it_is_tried_again_later_and_sells_at_once_when_the_fault_is_mended(
    shop: Any, costs: Costs, decisions: Decisions, broken: Rule
) -> None:
    await shop.hears(costs("24.00", "20.00"))
    shop.clock.advance(1800)
    assert await shop.goes_round() == []
    broken.listing = ""
    shop.clock.advance(1801)
    said = await shop.goes_round()
    (made,) = decisions(said)
    assert (made.holds, made.quantity) == ((), 10)
    assert any(isinstance(m, AlertResolved) and m.kind is AlertKind.no_price for m in said)


async def test_a_policy_decides_its_other_listings(
    shop: Any, decisions: Decisions, broken: Rule, policy_rules: Any
) -> None:
    await shop.lists("second", store="second store")
    await shop.defines(rules=policy_rules("0.30"))
    made = by_listing(decisions(await shop.drains()))
    assert made[broken.listing].holds == (Hold.no_price,)
    assert made[shop.id_of("second")].holds == ()


async def test_its_owner_is_told_why_in_plain_words(shop: Any, costs: Costs, broken: Rule) -> None:
    await shop.hears(costs("24.00", "20.00"))
    why = await shop.answers(listing_why, ListingWhy(listing_id=broken.listing))
    assert [rule.outcome for rule in why.rules] == ["undecided"]


async def test_a_preview_shows_that_it_would_be_held(
    shop: Any, policy_rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "fit_of", Rule(shop.id_of("listing"), stumbles=True))
    wish = PolicyPreview(rules=policy_rules("0.30"))
    (item,) = (await shop.answers(policy_preview, wish)).items
    assert item.then.holds == [Hold.no_price]


async def test_a_listing_that_begins_with_the_fault_is_held_and_not_lost(
    shop: Any, decisions: Decisions, broken: Rule
) -> None:
    broken.listing = shop.id_of("new")
    (made,) = decisions(await shop.lists("new", store="second store"))
    assert (made.decision_no, made.holds, made.price) == (1, (Hold.no_price,), None)
    rows = await shop.rows("listings", "id, status")
    assert (UUID(broken.listing), "Pending") in rows
