"""Policy as it is deployed: two replicas on NATS with streams and on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
import pytest

from dropship.contracts.alerts import AlertPage, TenantAlerts
from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade, ListingWhy, Why
from dropship.contracts.envelope import Envelope
from dropship.contracts.ids import product_id
from dropship.contracts.listings import ListingRepriced, ListingRequested
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from dropship.contracts.policies import (
    DefinePolicy,
    PauseRule,
    Policy,
    PolicyDetails,
    PolicyPreview,
    Preview,
    Rules,
)
from dropship.contracts.products import PriceChanged, StockChanged
from dropship.policy.app import build
from dropship.policy.settings import PolicySettings
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Log, Servers, deployed, eventually

_IDS = UUID("00000000-0000-5000-8000-000000000000")
ANNA, BERT, LISTING, STORE = (str(uuid5(_IDS, name)) for name in ("a", "b", "listing", "store"))
KETTLE = product_id("amazon-com", "B1")
Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
RulesOf = Callable[..., Rules]


class House:
    """The kettle's life, as the others tell it on the log, and what policy decides about it."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def says(self, event: Event, *, tenant: str | None = None) -> Envelope:
        """One of the others says this, because of a look of its own."""
        subject, look = f"product:{KETTLE}", str(uuid4())
        return await self._log.says(event, KETTLE, tenant, subject=subject, causation=look)

    async def decision(self, number: int) -> tuple[Envelope, DecisionMade] | None:
        """The newest decision, once it is as new as this."""
        envelope = await self._log.newest(DecisionMade, KETTLE)
        made = msgspec.json.decode(envelope.data, type=DecisionMade)
        return (envelope, made) if made.decision_no >= number else None

    async def decided(self, number: int) -> tuple[Envelope, DecisionMade]:
        found = await eventually(
            lambda: self.decision(number), within_s=20, what=f"decision {number} is said"
        )
        assert found is not None
        assert found[1].decision_no == number
        return found


@pytest.fixture
async def pair(servers: Servers, topology_with: Any) -> AsyncIterator[tuple[House, Service]]:
    """Two replicas, the log they listen to, and one of the two to ask through."""
    async with (
        deployed(servers, "policy", topology_with({})) as policy,
        policy.living(lambda told: build(PolicySettings(**told)), "policy-1", "policy-2") as one,
    ):
        yield House(policy.log), one


async def ask(service: Service, question: Any, answer: Any, tenant: str = ANNA) -> Any:
    return msgspec.json.decode(await service.asker.ask(question, tenant=tenant), type=answer)


async def test_a_cost_rises_and_a_policy_changes_and_every_decision_says_why(
    pair: tuple[House, Service], costs: Costs, stock: Stock, policy_rules: RulesOf
) -> None:
    house, service = pair
    soon = PauseRule(resume_after_s=1)
    wish = DefinePolicy(name="20 %", rules=policy_rules(pause=soon))
    policy = await ask(service, wish, Policy)
    await house.says(costs("20.00"))
    await house.says(stock())
    asked = ListingRequested(
        listing_id=LISTING,
        product_id=KETTLE,
        store_id=STORE,
        marketplace="shopify",
        currency="USD",
        fee_schedule="shopify-basic",
    )
    request = await house.says(asked, tenant=ANNA)
    envelope, made = await house.decided(1)
    assert (envelope.causationid, envelope.tenant) == (request.id, ANNA)
    assert (made.price, made.quantity, made.policy_id) == (Money("26.33", "USD"), 10, policy.id)

    risen = await house.says(costs("24.00", "20.00"))
    envelope, made = await house.decided(2)
    assert (envelope.causationid, made.price) == (risen.id, Money("31.52", "USD"))
    assert made.price is not None
    brought = ListingRepriced(
        listing_id=LISTING,
        product_id=KETTLE,
        store_id=STORE,
        old=Money("26.33", "USD"),
        new=made.price,
        decision_no=2,
    )
    await house.says(brought, tenant=ANNA)

    async def whole_chain() -> Why | None:
        why: Why = await ask(service, ListingWhy(listing_id=LISTING), Why)
        return why if len(why.chain) == 4 else None

    why = await eventually(whole_chain, within_s=20)
    assert why is not None
    assert [link.by for link in why.chain] == ["scraper", "tracker", "policy", "syncer"]
    assert [link.event_id for link in why.chain[1:3]] == [risen.id, envelope.id]

    rules = policy_rules("0.30", pause=soon)
    question = PolicyPreview(rules=rules, policy_id=policy.id)
    preview = await ask(service, question, Preview)
    assert (preview.decided, preview.changed) == (1, 1)
    wish = DefinePolicy(name="30 %", rules=rules, policy_id=policy.id)
    await ask(service, wish, Policy)
    _, made = await house.decided(3)
    assert (made.price, made.policy_version) == (preview.items[0].then.price, 2)

    await house.says(stock(Availability.out_of_stock, 0))
    _, made = await house.decided(4)
    assert made.quantity == 0
    await house.says(stock())
    await house.decided(5)
    _, made = await house.decided(6)
    assert (made.holds, made.quantity) == ((), 10)

    alerts = await ask(service, TenantAlerts(), AlertPage)
    assert {alert.kind for alert in alerts.items} == {"cost_moved", "out_of_stock"}
    assert (await ask(service, TenantAlerts(), AlertPage, BERT)).items == []
    for foreign in (ListingWhy(listing_id=LISTING), PolicyDetails(policy_id=policy.id)):
        with pytest.raises(Refused) as refused:
            await service.asker.ask(foreign, tenant=BERT)
        assert refused.value.kind == "not_found"
