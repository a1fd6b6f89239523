"""Several at once: whatever the order, numbers grow and the newest decision rests on the newest."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from dropship.contracts.alerts import AlertRaised, AlertResolved, AmendAlert
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderLine, OrderReceived
from dropship.contracts.policies import DefinePolicy, Rules
from dropship.contracts.products import PriceChanged, StockChanged
from dropship.policy.domain.facts import Facts
from dropship.policy.handlers.amending_alerts import amend_alert
from dropship.policy.handlers.deciding_again import decide_again
from dropship.policy.handlers.defining_policies import define_policy
from dropship.policy.handlers.hearing_products import hear_products
from dropship.runtime.testing import eventually

Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
RulesOf = Callable[..., Rules]
Decisions = Callable[[list[Message]], list[DecisionMade]]

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = user"


async def somebody_waits(story: Any) -> bool:
    row = await story.database.fetch_one(_WAITING)
    return bool(row[0])


async def test_a_listing_that_begins_while_a_policy_is_defined_is_not_overlooked(
    story: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    await story.stocks()
    asked = story.asked(DefinePolicy(name="20 %", rules=policy_rules()))
    async with story.database.transaction(tenant=asked.tenant, actor=asked.actor) as tx:
        await define_policy(asked, tx)
        listing = asyncio.create_task(story.lists())
        await eventually(lambda: somebody_waits(story))
    (made,) = decisions(await listing)
    assert made.holds == ()
    assert await story.rows("due", "key, reason") == []


async def test_a_policy_that_is_defined_while_a_listing_begins_decides_it(
    story: Any, policy_rules: RulesOf, decisions: Decisions
) -> None:
    await story.stocks()
    await story.opens("free")
    heard = story.heard(story.wish(), story.anna)
    async with story.database.transaction(heard.envelope) as tx:
        await story.handler_of(heard)(heard, tx)
        defined = asyncio.create_task(story.defines())
        await eventually(lambda: somebody_waits(story))
    await defined
    (made,) = decisions(await story.drains())[-1:]
    assert made.holds == ()


async def test_a_listing_that_begins_while_an_order_is_heard_is_not_offered_too_high(
    shop: Any, stock: Stock, decisions: Decisions
) -> None:
    await shop.hears(stock(quantity=2))
    line = OrderLine(
        listing_id=shop.id_of("listing"),
        product_id=shop.kettle,
        sku="DC-1",
        quantity=2,
        unit_price=Money("26.33", "USD"),
        unit_cost=None,
    )
    order = OrderReceived(
        order_id=shop.id_of("order"),
        store_id=shop.id_of("store of anna"),
        marketplace="shopify",
        external_id="1",
        lines=(line,),
        total=line.unit_price,
        fees=Money("0.00", "USD"),
        fees_kind="estimated",
        ordered_at=shop.clock.now(),
    )
    heard = shop.heard(order, shop.anna)
    async with shop.database.transaction(heard.envelope) as tx:
        await shop.handler_of(heard)(heard, tx)
        (made,) = decisions(await shop.lists("unaware", store="second store"))
        assert made.quantity == 2
    assert {one.quantity for one in decisions(await shop.drains())} == {0}
    rows = await shop.rows("listings", "id, (verdict -> 'quantity')::int")
    assert [quantity for _, quantity in rows] == [0, 0]


async def test_a_decision_made_late_rests_on_the_facts_that_came_first(
    shop: Any, costs: Costs
) -> None:
    """A replica that lost its lead still has a due product in hand."""
    await shop.defines()
    (due,) = await shop.rows("due", "key, reason")
    heard = shop.heard(costs("24.00", "20.00"))

    async def late() -> None:
        async with shop.database.transaction() as tx:
            await decide_again(due[0], [due[1]], tx)

    async with shop.database.transaction(heard.envelope) as tx:
        await hear_products([heard], tx)
        drained = asyncio.create_task(late())
        await eventually(lambda: somebody_waits(shop))
    await drained
    rows = await shop.rows("decisions", "decision_no, facts::text")
    costs_of = [msgspec.json.decode(facts, type=Facts).cost for _, facts in rows]
    assert [cost.minor for cost in costs_of if cost] == [2000, 2400]


async def test_in_a_hurry_numbers_grow_and_the_last_decision_rests_on_the_last_facts(
    shop: Any, costs: Costs, stock: Stock
) -> None:
    async def hears(events: list[Any]) -> None:
        for event in events:
            await shop.scene.hears_many(hear_products, shop.heard(event))

    async def defines() -> None:
        for n in range(4):
            await shop.defines(name=f"policy {n}")
            await shop.drains()

    await shop.opens("pro")
    await asyncio.gather(
        hears([costs(f"{21 + n % 3}.00", "20.00") for n in range(12)]),
        hears([stock(quantity=n % 4) for n in range(12)]),
        defines(),
    )
    await shop.drains()
    said = await shop.rows("journal WHERE aggregate LIKE 'decision:%%'", "position, version")
    assert [version for _, version in said] == sorted({version for _, version in said})
    row = await shop.database.fetch_one(
        "SELECT d.facts::text, p.cost_minor, p.stock FROM products p JOIN listings l"
        " ON l.product_id = p.id JOIN decisions d ON (d.listing_id, d.decision_no) ="
        " (l.id, l.decision_no)"
    )
    facts = msgspec.json.decode(row[0], type=Facts)
    assert facts.cost is not None
    assert (facts.cost.minor, facts.stock) == row[1:]


async def test_an_alert_that_is_acknowledged_and_superseded_at_once_ends_once(
    shop: Any, costs: Costs
) -> None:
    said = await shop.hears(costs("24.00", "20.00"))
    (alert,) = [m for m in said if isinstance(m, AlertRaised)]
    wish = shop.asked(AmendAlert(alert_id=alert.alert_id, acknowledge=True))
    async with shop.database.transaction(tenant=shop.anna) as tx:
        await amend_alert(wish, tx)
        heard = asyncio.create_task(shop.hears(costs("30.00", "24.00")))
        await eventually(lambda: somebody_waits(shop))
    said = await heard
    assert len([m for m in said if isinstance(m, AlertResolved)]) == 1
    assert len([m for m in said if isinstance(m, AlertRaised)]) == 1
