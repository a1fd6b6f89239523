"""A supplier's fact becomes one decision for every listing of the product, and one record."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from dropship.contracts.alerts import AlertKind, AlertRaised, AlertResolved
from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.listings import Hold, ListingAmended, ListingEnded
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.policies import FloorRule, RetirePolicy, Rules
from dropship.contracts.products import PriceChanged, ProductVanished, StockChanged
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.domain.rerun import Record, differences, rerun
from dropship.policy.handlers.deciding_again import mark_revisits
from dropship.policy.handlers.defining_policies import retire_policy
from dropship.policy.handlers.hearing_products import hear_products
from dropship.pricing.fees import schedule
from dropship.pricing.money import Money as Minor
from dropship.pricing.money import to_wire
from dropship.pricing.solver import least_price
from dropship.pricing.terms import Basis, Target, Terms
from dropship.runtime.errors import Retry, Unreadable

Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
Decisions = Callable[[list[Message]], list[DecisionMade]]


def solved(story: Any, cost: int) -> Money:
    """The solver's own answer for a margin of 20 %."""
    fees = schedule("shopify-basic", story.clock.now().date())
    target = Target(Basis.margin_on_price, "0.20")
    return to_wire(least_price(Terms(Minor(cost, "USD"), fees), target))


async def test_a_requested_listing_is_decided_at_once(story: Any, decisions: Decisions) -> None:
    policy = await story.defines()
    await story.stocks()
    (made,) = decisions(await story.lists())
    assert made.price == solved(story, 2000) == Money("26.33", "USD")
    assert (made.decision_no, made.quantity, made.holds) == (1, 10, ())
    assert (made.cost, made.stock) == (Money("20.00", "USD"), 50)
    assert (made.policy_id, made.policy_version) == (policy.id, 1)
    assert made.decided_at == story.clock.now()


async def test_a_decision_tells_the_taxes_that_it_reckons_with_and_a_new_rate_alone_is_news(
    story: Any, decisions: Decisions, policy_rules: Callable[..., Rules]
) -> None:
    """The floor is the typed minimum and the price is typed too: no figure of them moves."""
    policy = await story.defines(rules=taxed(policy_rules, vat="0"))
    await story.stocks()
    (made,) = decisions(await story.lists(price="60.00"))
    assert (made.vat, made.buyer_tax) == ("0", "0.05")
    await story.defines(policy_id=policy.id, rules=taxed(policy_rules, vat="0.19"))
    (again,) = decisions(await story.drains())
    assert (again.vat, again.buyer_tax) == ("0.19", "0.05")
    assert (again.price, again.floor, again.reasons) == (made.price, made.floor, made.reasons)
    await story.obeys(retire_policy, RetirePolicy(policy_id=policy.id))
    (none,) = decisions(await story.drains())
    assert (none.vat, none.buyer_tax) == (None, None)


def taxed(policy_rules: Callable[..., Rules], vat: str) -> Rules:
    rules = policy_rules("0.01", floor=FloorRule(min_price=Money("50.00", "USD")))
    return replace(rules, price=replace(rules.price, vat=vat, buyer_tax="0.05"))


async def test_a_price_rise_leads_to_one_decision_with_the_price_of_the_solver(
    shop: Any, costs: Costs, decisions: Decisions
) -> None:
    said = await shop.hears(costs("24.00", "20.00"))
    (made,) = decisions(said)
    assert (made.decision_no, made.price) == (2, solved(shop, 2400))
    assert made.product_id == shop.kettle


async def test_a_decision_is_said_to_its_tenant_because_of_the_event_in_hand(
    shop: Any, costs: Costs
) -> None:
    heard = shop.heard(costs("24.00", "20.00"), tenant=shop.bert, actor="user:bert")
    await shop.scene.hears_many(hear_products, heard)
    envelope = next(e for e in await shop.scene.envelopes() if e.type == DecisionMade.wire_type())
    assert (envelope.tenant, envelope.causationid) == (shop.anna, heard.envelope.id)
    assert envelope.partitionkey == shop.kettle
    assert envelope.subject == f"decision:{shop.id_of('listing')}"
    assert envelope.actor is None


async def test_the_same_fact_twice_is_one_decision_and_a_confirmation(
    shop: Any, costs: Costs, decisions: Decisions
) -> None:
    assert len(decisions(await shop.hears(costs("24.00", "20.00")))) == 1
    shop.clock.advance(60)
    assert await shop.hears(costs("24.00", "20.00")) == []
    columns = "decision_no, said, confirmations, last_confirmed_at - at"
    rows = await shop.rows("decisions", columns)
    assert [row[:3] for row in rows] == [(1, True, 0), (2, True, 1)]
    assert rows[1][3].total_seconds() == 60


async def test_every_listing_of_the_product_is_decided_for_its_own_tenant(
    shop: Any, costs: Costs, decisions: Decisions
) -> None:
    await shop.defines(tenant="bert")
    await shop.lists("bert's", tenant="bert")
    await shop.lists("elsewhere", store="second store")
    await shop.stocks("B2")
    await shop.lists("other product", item="B2")
    await shop.scene.said()
    made = decisions(await shop.hears(costs("24.00", "20.00")))
    names = ("listing", "bert's", "elsewhere")
    assert {one.listing_id for one in made} == {shop.id_of(name) for name in names}
    assert {one.price for one in made} == {solved(shop, 2400)}


async def test_one_large_batch_decides_the_same_as_many_small_ones(
    story: Any, costs: Costs, stock: Stock
) -> None:
    await story.defines()
    for item in ("B1", "B2", "B3", "B4"):
        await story.lists(f"listing of {item}", item=item)
    facts = [
        fact
        for old, new, left in (("20.00", "24.00", 9), ("24.00", "21.00", 0), ("21.00", "22.00", 7))
        for item in ("B1", "B2")
        for fact in (costs(new, old, item), stock(quantity=left, item=item))
    ]
    for fact in facts:
        await story.hears(fact)
    moved = {story.product(f"B{n}"): story.product(f"B{n + 2}") for n in (1, 2)}
    renamed = [replace(fact, product_id=moved[fact.product_id]) for fact in facts]
    await story.hears_all(*(story.heard(fact) for fact in renamed))
    columns = "product_id, decision_no, confirmations, ruling::text"
    rows = await story.rows("decisions", columns)
    for small, large in moved.items():
        mine = [row[1:] for row in rows if str(row[0]) == small]
        assert len(mine) == 7
        assert [row[1:] for row in rows if str(row[0]) == large] == mine


async def test_nothing_is_sold_without_a_policy_and_all_is_decided_when_there_is_one(
    story: Any, decisions: Decisions
) -> None:
    await story.stocks()
    (made,) = decisions(await story.lists())
    assert (made.holds, made.quantity, made.price) == ((Hold.no_policy,), 0, None)
    await story.defines()
    (made,) = decisions(await story.drains())
    assert (made.decision_no, made.holds, made.price) == (2, (), Money("26.33", "USD"))


async def test_what_sells_out_is_held_and_what_vanished_as_well(
    shop: Any, stock: Stock, decisions: Decisions
) -> None:
    (made,) = decisions(await shop.hears(stock(Availability.out_of_stock, 0)))
    assert (made.holds, made.quantity) == ((Hold.out_of_stock,), 0)
    gone = ProductVanished(product_id=shop.kettle, looks=3, since=shop.clock.now())
    (made,) = decisions(await shop.hears(gone))
    assert Hold.vanished in made.holds
    (made,) = decisions(await shop.hears(stock()))
    assert made.quantity == 0
    shop.clock.advance(601)
    (made,) = decisions(await shop.goes_round())
    assert (made.holds, made.quantity) == ((), 10)


async def test_whatever_can_be_read_again_has_not_vanished(
    shop: Any, costs: Costs, stock: Stock, decisions: Decisions
) -> None:
    gone = ProductVanished(product_id=shop.kettle, looks=3, since=shop.clock.now())
    for back in (costs("21.00", "20.00"), stock(quantity=7)):
        await shop.hears(gone)
        await shop.hears(back)
        (vanished,) = await shop.rows("products", "vanished_at, id")
        assert vanished[0] is None
        shop.clock.advance(600)
        (made,) = decisions(await shop.goes_round())
        assert made.holds == ()


async def test_a_pause_ends_by_itself_when_the_stock_has_lasted(
    shop: Any, stock: Stock, decisions: Decisions
) -> None:
    await shop.hears(stock(Availability.out_of_stock, 0))
    (made,) = decisions(await shop.hears(stock()))
    assert made.holds == (Hold.out_of_stock,)
    shop.clock.advance(599)
    assert await shop.goes_round() == []
    shop.clock.advance(1)
    said = await shop.goes_round()
    (made,) = decisions(said)
    assert (made.holds, made.quantity, made.price) == ((), 10, Money("26.33", "USD"))
    assert await shop.goes_round() == []


async def test_a_decision_made_by_time_names_the_one_that_named_the_time(
    shop: Any, stock: Stock
) -> None:
    await shop.hears(stock(Availability.out_of_stock, 0))
    heard = shop.heard(stock())
    await shop.scene.hears_many(hear_products, heard)
    (before,) = [e for e in await shop.scene.envelopes() if e.type == DecisionMade.wire_type()]
    shop.clock.advance(600)
    await mark_revisits(shop.database)
    await shop.drains()
    row = await shop.database.fetch_one(
        "SELECT payload FROM journal WHERE aggregate LIKE 'decision:%%'"
        " ORDER BY version DESC LIMIT 1"
    )
    after = msgspec.json.decode(bytes(row[0]))
    assert after["causationid"] == before.id
    assert after["correlationid"] == before.correlationid == heard.envelope.correlationid


async def test_a_user_s_wish_is_decided_at_once(shop: Any, decisions: Decisions) -> None:
    (made,) = decisions(await shop.amends(price=Money("30.00", "USD")))
    assert made.price == Money("30.00", "USD")
    (made,) = decisions(await shop.amends(price=Money("20.10", "USD")))
    assert made.holds == (Hold.low_margin,)
    (made,) = decisions(await shop.amends())
    assert made.price == Money("26.33", "USD")


async def test_a_listing_that_is_over_is_decided_no_more(
    shop: Any, costs: Costs, decisions: Decisions
) -> None:
    over = ListingEnded(
        listing_id=shop.id_of("listing"),
        product_id=shop.kettle,
        store_id=shop.id_of("store of anna"),
        reason="user",
    )
    await shop.hears(over, tenant=shop.anna)
    assert decisions(await shop.hears(costs("24.00", "20.00"))) == []


async def test_numbers_grow_and_an_older_decision_is_never_said_after_a_newer(
    shop: Any, costs: Costs, stock: Stock
) -> None:
    for n in range(6):
        await shop.hears(costs(f"{21 + n}.00", f"{20 + n}.00"))
        await shop.hears(stock(quantity=n))
        if n % 2:
            await shop.defines(name=f"policy {n}")
            await shop.drains()
    rows = await shop.rows("journal WHERE aggregate LIKE 'decision:%%'", "position, version")
    versions = [version for _, version in rows]
    assert versions == sorted(set(versions))
    assert len(versions) > 6


async def test_every_recorded_decision_is_made_again_from_its_row(
    shop: Any, costs: Costs, stock: Stock
) -> None:
    await shop.hears(costs("24.00", "20.00"))
    await shop.hears(stock(Availability.low, 2))
    await shop.hears(stock(Availability.out_of_stock, 0))
    await shop.hears(stock())
    shop.clock.advance(700)
    await shop.goes_round()
    await shop.amends(price=Money("30.00", "USD"), min_price=Money("25.00", "USD"))
    await shop.hears(costs(None, "24.00"))
    rows = await shop.rows("decisions", "decision_no, at, facts::text, ruling::text")
    assert len(rows) >= 7
    for _, at, facts, ruling in rows:
        record = Record(
            facts=msgspec.json.decode(facts, type=Facts),
            at=at,
            ruling=msgspec.json.decode(ruling, type=Ruling),
        )
        assert rerun(record) == record.ruling
        assert differences(record.ruling, rerun(record)) == ()
        assert msgspec.json.encode(rerun(record)) == msgspec.json.encode(record.ruling)


async def test_events_that_cannot_be_placed_are_refused_with_the_reason(shop: Any) -> None:
    stray = ListingAmended(listing_id=shop.id_of("stray"), product_id=shop.kettle)
    with pytest.raises(Retry, match="listing_unknown"):
        await shop.hears(stray, tenant=shop.anna)
    mine = ListingAmended(listing_id=shop.id_of("listing"), product_id=shop.kettle)
    with pytest.raises(Retry, match="listing_unknown"):
        await shop.hears(mine, tenant=shop.bert)
    with pytest.raises(Unreadable):
        await shop.hears(mine)


async def test_a_ruling_raises_its_alert_once_and_ends_it_when_the_cause_is_gone(
    shop: Any, stock: Stock
) -> None:
    said = await shop.hears(stock(Availability.low, 2))
    (low,) = [m for m in said if isinstance(m, AlertRaised)]
    assert (low.kind, low.threshold, low.listing_id) == (
        AlertKind.low_stock,
        "3",
        shop.id_of("listing"),
    )
    said = await shop.hears(stock(Availability.low, 1))
    assert not [m for m in said if isinstance(m, AlertRaised | AlertResolved)]
    said = await shop.hears(stock(Availability.in_stock, 40))
    (over,) = [m for m in said if isinstance(m, AlertResolved)]
    assert over.alert_id == low.alert_id
    (again,) = [
        m for m in await shop.hears(stock(Availability.low, 1)) if isinstance(m, AlertRaised)
    ]
    assert again.alert_id != low.alert_id


async def test_each_move_of_the_cost_is_told_and_supersedes_the_one_before(
    shop: Any, costs: Costs
) -> None:
    (first,) = [m for m in await shop.hears(costs("24.00", "20.00")) if isinstance(m, AlertRaised)]
    assert first.kind is AlertKind.cost_moved
    said = await shop.hears(costs("30.00", "24.00"))
    (over,) = [m for m in said if isinstance(m, AlertResolved)]
    (second,) = [m for m in said if isinstance(m, AlertRaised)]
    assert (over.alert_id, second.kind) == (first.alert_id, AlertKind.cost_moved)
