"""Why a listing is as it is, and why it has not changed."""

from collections.abc import Callable
from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade, ListingWhy, ListingWhyNot, Why, WhyNot
from dropship.contracts.listings import (
    Hold,
    ListingDrifted,
    ListingPaused,
    ListingPublished,
    ListingRepriced,
    ListingRequested,
    ListingRestocked,
    ListingResumed,
)
from dropship.contracts.money import Money
from dropship.contracts.offers import ObservationFailed, OfferObserved
from dropship.contracts.policies import PolicyDefined, PolicyRetired, RetirePolicy, Rules
from dropship.contracts.products import PriceChanged, ProductVanished, StockChanged
from dropship.policy.handlers.defining_policies import retire_policy
from dropship.policy.queries.why import listing_why, listing_why_not
from dropship.runtime.errors import Refused

Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
RulesOf = Callable[..., Rules]


async def why(story: Any, decision_no: int | None = None) -> Why:
    question = ListingWhy(listing_id=story.id_of("listing"), decision_no=decision_no)
    answer = await story.answers(listing_why, question)
    assert isinstance(answer, Why)
    return answer


async def brought(story: Any, event: type[Any], decision_no: int, **more: Any) -> None:
    ids = {
        "listing_id": story.id_of("listing"),
        "product_id": story.kettle,
        "store_id": story.id_of("store of anna"),
    }
    await story.hears(event(**ids, decision_no=decision_no, **more), tenant=story.anna)


async def test_the_chain_goes_from_the_look_to_what_was_brought(shop: Any, costs: Costs) -> None:
    shop.clock.advance(60)
    await shop.hears(costs("24.00", "20.00"))
    shop.clock.advance(1)
    new, old = Money("31.52", "USD"), Money("26.33", "USD")
    await brought(shop, ListingRepriced, 2, old=old, new=new)
    await brought(shop, ListingRestocked, 2, old=3, new=10)
    answer = await why(shop)
    assert [(link.type, link.by) for link in answer.chain] == [
        (OfferObserved.wire_type(), "scraper"),
        (PriceChanged.wire_type(), "tracker"),
        (DecisionMade.wire_type(), "policy"),
        (ListingRepriced.wire_type(), "syncer"),
        (ListingRestocked.wire_type(), "syncer"),
    ]
    assert [link.at for link in answer.chain] == sorted(link.at for link in answer.chain)
    look, moved, made, *_ = answer.chain
    assert (moved.caused_by, made.caused_by) == (look.event_id, moved.event_id)
    assert [link.said for link in answer.chain] == [
        "The supplier's offer was read.",
        "The cost moved from 20.00 USD to 24.00 USD.",
        "Decided: 31.52 USD, quantity 10.",
        "The price was set from 26.33 USD to 31.52 USD.",
        "The quantity was set from 3 to 10.",
    ]


async def test_the_decision_is_told_with_its_rules_and_figures(shop: Any, costs: Costs) -> None:
    await shop.hears(costs("24.00", "20.00"))
    await shop.hears(costs("24.00", "20.00"))
    answer = await why(shop)
    assert (answer.decision_no, answer.price, answer.quantity) == (2, Money("31.52", "USD"), 10)
    assert answer.floor is not None
    assert (answer.holds, answer.confirmations) == ([], 1)
    assert answer.policy_version == 1
    assert answer.fee_schedule is not None
    assert {rule.rule for rule in answer.rules} >= {"floor", "target_price", "stock", "pause"}
    assert any("24.00" in line for line in answer.breakdown)
    assert any("31.52" in line for line in answer.breakdown)


async def test_an_earlier_decision_is_told_by_its_number(shop: Any, costs: Costs) -> None:
    await brought(
        shop, ListingPublished, 1, external_id="1", price=Money("26.33", "USD"), quantity=10
    )
    await shop.hears(costs("24.00", "20.00"))
    first = await why(shop, 1)
    assert first.price == Money("26.33", "USD")
    assert [link.type for link in first.chain] == [
        ListingRequested.wire_type(),
        DecisionMade.wire_type(),
        ListingPublished.wire_type(),
    ]
    assert first.chain[0].said == "The listing was asked for by user:anna."


async def test_a_pause_and_its_end_are_told_with_what_led_to_them(shop: Any, stock: Stock) -> None:
    await shop.hears(stock(Availability.out_of_stock, 0))
    await brought(shop, ListingPaused, 2, holds=(Hold.out_of_stock,))
    paused = await why(shop)
    assert [link.said for link in paused.chain[-2:]] == [
        "Decided: on hold (out_of_stock), 26.33 USD.",
        "Paused with quantity 0: out_of_stock.",
    ]
    await shop.hears(stock())
    shop.clock.advance(600)
    await shop.goes_round()
    price = Money("26.33", "USD")
    await brought(shop, ListingResumed, 4, price=price, quantity=10)
    resumed = await why(shop)
    assert [link.type for link in resumed.chain] == [
        OfferObserved.wire_type(),
        StockChanged.wire_type(),
        DecisionMade.wire_type(),
        DecisionMade.wire_type(),
        ListingResumed.wire_type(),
    ]
    assert resumed.chain[3].caused_by == resumed.chain[2].event_id


async def test_a_hold_of_the_shop_is_told_and_nobody_says_that_nothing_keeps_it_from_selling(
    shop: Any, costs: Costs
) -> None:
    free = "Nothing keeps it from selling."
    assert [rule.said for rule in (await why(shop)).rules if rule.rule == "pause"] == [free]
    await brought(shop, ListingPaused, 1, holds=(Hold.breaker, Hold.out_of_stock))
    question = ListingWhyNot(listing_id=shop.id_of("listing"))
    for rules in (
        (await why(shop)).rules,
        (await why(shop, 1)).rules,
        (await shop.answers(listing_why_not, question)).because,
    ):
        (held,) = [rule for rule in rules if rule.rule == "syncer"]
        assert (held.outcome, held.said) == (
            "held",
            "The shop holds it: breaker (a price would have moved too far at once).",
        )
        assert free not in [rule.said for rule in rules]
        assert "stock" in [rule.rule for rule in rules]
    await shop.hears(costs("24.00", "20.00"))
    assert "syncer" in [rule.rule for rule in (await why(shop)).rules]
    assert "syncer" not in [rule.rule for rule in (await why(shop, 1)).rules]
    price = Money("31.52", "USD")
    await brought(shop, ListingResumed, 2, price=price, quantity=10)
    assert [rule.said for rule in (await why(shop)).rules if rule.rule == "pause"] == [free]


async def test_the_shop_s_holds_are_told_with_what_was_found_there(shop: Any) -> None:
    ids = {
        "listing_id": shop.id_of("listing"),
        "product_id": shop.kettle,
        "store_id": shop.id_of("store of anna"),
    }
    drift = ListingDrifted(**ids, what="price", ours="26.33 USD", theirs="1.00 USD")
    await shop.hears(drift, tenant=shop.anna)
    await brought(shop, ListingPaused, 1, holds=(Hold.manual, Hold.drifted))
    (held,) = [rule for rule in (await why(shop)).rules if rule.rule == "syncer"]
    assert held.said == (
        "The shop holds it: drifted (someone else changed it on the marketplace; price: ours"
        " 26.33 USD, theirs 1.00 USD), manual (somebody paused it by hand)."
    )


async def test_a_hold_of_our_own_is_told_beside_the_shop_s(shop: Any, stock: Stock) -> None:
    await shop.hears(stock(Availability.out_of_stock, 0))
    await brought(shop, ListingPaused, 2, holds=(Hold.manual, Hold.out_of_stock))
    rules = (await why(shop)).rules
    assert [(one.rule, one.outcome) for one in rules if one.outcome == "held"] == [
        ("pause", "held"),
        ("syncer", "held"),
    ]


async def test_a_vanished_page_begins_with_the_look_that_failed(shop: Any) -> None:
    gone = ProductVanished(product_id=shop.kettle, looks=3, since=shop.clock.now())
    await shop.hears(gone)
    answer = await why(shop)
    assert [link.type for link in answer.chain[:2]] == [
        ObservationFailed.wire_type(),
        ProductVanished.wire_type(),
    ]


async def test_a_policy_s_definition_and_end_are_causes(shop: Any, policy_rules: RulesOf) -> None:
    policy = await shop.defines(name="more", rules=policy_rules("0.30"))
    await shop.drains()
    answer = await why(shop)
    defined, _ = answer.chain
    assert defined.type == PolicyDefined.wire_type()
    assert defined.said == "The policy “more” was defined, version 1 by user:anna."
    await shop.obeys(retire_policy, RetirePolicy(policy_id=policy.id))
    await shop.drains()
    answer = await why(shop)
    assert answer.chain[0].type == PolicyRetired.wire_type()


async def test_a_decision_that_nobody_had_to_be_told_of_is_shown_behind_the_one_in_force(
    shop: Any, policy_rules: RulesOf
) -> None:
    (row,) = await shop.rows("policies", "id, version")
    await shop.defines(policy_id=str(row[0]))
    await shop.drains()
    answer = await why(shop)
    assert (answer.decision_no, answer.policy_version) == (2, 2)
    assert [link.type for link in answer.chain] == [
        ListingRequested.wire_type(),
        DecisionMade.wire_type(),
        PolicyDefined.wire_type(),
    ]
    not_ = await shop.answers(listing_why_not, ListingWhyNot(listing_id=shop.id_of("listing")))
    assert (not_.decision_no, not_.confirmations) == (1, 1)


async def test_why_not_counts_the_evaluations_that_came_to_the_same(
    shop: Any, costs: Costs
) -> None:
    decided_at = shop.clock.now()
    for _ in range(3):
        shop.clock.advance(60)
        await shop.hears(costs("20.00", "20.00"))
    answer = await shop.answers(listing_why_not, ListingWhyNot(listing_id=shop.id_of("listing")))
    assert isinstance(answer, WhyNot)
    assert (answer.decision_no, answer.confirmations) == (1, 3)
    assert answer.unchanged_since == decided_at
    assert answer.last_confirmed_at == shop.clock.now()
    assert {rule.rule for rule in answer.because} >= {"target_price", "stock"}


async def test_the_latest_of_many_outcomes_of_one_decision_are_kept(shop: Any) -> None:
    for n in range(25):
        await brought(shop, ListingRestocked, 1, old=n, new=n + 1)
    answer = await why(shop)
    assert len(answer.chain) == 22
    assert answer.chain[-1].said == "The quantity was set from 24 to 25."


async def test_another_s_listing_is_refused_exactly_like_an_unknown_one(shop: Any) -> None:
    mine = shop.id_of("listing")
    for tenant, id_, number in (
        ("bert", mine, None),
        ("bert", mine, 1),
        ("anna", mine, 99),
        ("anna", shop.id_of("unknown"), None),
        ("anna", "nonsense", None),
    ):
        question = ListingWhy(listing_id=id_, decision_no=number)
        with pytest.raises(Refused) as refused:
            await shop.answers(listing_why, question, tenant=tenant)
        assert refused.value.kind == "not_found"
        if number is None:
            with pytest.raises(Refused):
                await shop.answers(listing_why_not, ListingWhyNot(listing_id=id_), tenant=tenant)
