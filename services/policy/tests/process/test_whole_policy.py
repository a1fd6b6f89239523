"""Policy as it is deployed: two replicas on NATS with streams and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec
import nats
import pytest

from dropship.contracts.alerts import AlertPage, TenantAlerts
from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade, ListingWhy, Why
from dropship.contracts.envelope import JSON, SPEC, Envelope, open_envelope
from dropship.contracts.ids import partition_of, product_id
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
from dropship.runtime.clock import SystemClock
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Servers, eventually, settings_for
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import read

TOPOLOGY = Path(__file__).parents[4] / "cli/src/dropship/cli/topology.toml"
_IDS = UUID("00000000-0000-5000-8000-000000000000")
ANNA, BERT, LISTING, STORE = (str(uuid5(_IDS, name)) for name in ("a", "b", "listing", "store"))
KETTLE = product_id("amazon-com", "B1")
DECIDED = f"evt.{partition_of(KETTLE):02d}.{DecisionMade.noun()}.{DecisionMade.verb()}"
Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
RulesOf = Callable[..., Rules]


class Log:
    """The other services, as far as policy can tell: what is on the log."""

    def __init__(self, client: Any) -> None:
        self.stream = client.jetstream()
        self.said = 0

    async def says(self, event: Event, *, tenant: str | None = None) -> Envelope:
        self.said += 1
        identity = str(uuid5(_IDS, str(self.said)))
        envelope = Envelope(
            specversion=SPEC,
            id=identity,
            source=event.owner,
            type=event.wire_type(),
            subject=f"product:{KETTLE}",
            time=SystemClock().now(),
            dataschema="",
            datacontenttype=JSON,
            partitionkey=KETTLE,
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=identity,
            causationid=str(uuid5(_IDS, f"look {self.said}")),
            tenant=tenant,
        )
        subject = f"evt.{partition_of(KETTLE):02d}.{event.noun()}.{event.verb()}"
        payload, headers = msgspec.json.encode(envelope), {"Nats-Msg-Id": identity}
        await self.stream.publish(subject, payload, headers=headers)
        return envelope

    async def decision(self, number: int) -> tuple[Envelope, DecisionMade] | None:
        """The newest decision, once it is as new as this."""
        try:
            envelope = open_envelope((await self.stream.get_last_msg("EVENTS", DECIDED)).data)
        except nats.js.errors.NotFoundError:
            return None
        made = msgspec.json.decode(envelope.data, type=DecisionMade)
        return (envelope, made) if made.decision_no >= number else None

    async def decided(self, number: int) -> tuple[Envelope, DecisionMade]:
        found = await eventually(
            lambda: self.decision(number), within_s=20, what=f"decision {number} is said"
        )
        assert found is not None
        assert found[1].decision_no == number
        return found


@asynccontextmanager
async def living(service: Service) -> AsyncIterator[Service]:
    """The service lives, is ready, and has drained at the end."""
    stop = asyncio.Event()
    life = asyncio.create_task(service.live(stop))
    try:
        async with httpx.AsyncClient() as http:

            async def ready() -> bool:
                if life.done():
                    life.result()
                try:
                    url = f"http://127.0.0.1:{service.health_port}/health/ready"
                    return (await http.get(url)).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, within_s=30, what="policy is ready")
        yield service
    finally:
        stop.set()
        await asyncio.wait_for(life, 15)


@pytest.fixture
async def pair(servers: Servers) -> AsyncIterator[tuple[Log, Service]]:
    """Two replicas, the log they listen to, and one of the two to ask through."""
    dsn = servers.app_dsn(servers.migrated_database("policy"), "policy")
    topology = read(TOPOLOGY.read_text(), lambda _: [])
    async with servers.nats(topology) as server, AsyncExitStack() as stack:
        for name in ("policy-1", "policy-2"):
            told = settings_for("policy", dsn, server.url, servers.password, replica=name)
            settings = PolicySettings(**told.model_dump())
            service = await stack.enter_async_context(living(build(settings)))
        client = await nats.connect(server.url, user=ADMIN, password=servers.password)
        stack.push_async_callback(client.close)
        yield Log(client), service


async def ask(service: Service, question: Any, answer: Any, tenant: str = ANNA) -> Any:
    return msgspec.json.decode(await service.asker.ask(question, tenant=tenant), type=answer)


async def test_a_cost_rises_and_a_policy_changes_and_every_decision_says_why(
    pair: tuple[Log, Service], costs: Costs, stock: Stock, policy_rules: RulesOf
) -> None:
    log, service = pair
    soon = PauseRule(resume_after_s=1)
    wish = DefinePolicy(name="20 %", rules=policy_rules(pause=soon))
    policy = await ask(service, wish, Policy)
    await log.says(costs("20.00"))
    await log.says(stock())
    asked = ListingRequested(
        listing_id=LISTING,
        product_id=KETTLE,
        store_id=STORE,
        marketplace="shopify",
        currency="USD",
        fee_schedule="shopify-basic",
    )
    request = await log.says(asked, tenant=ANNA)
    envelope, made = await log.decided(1)
    assert (envelope.causationid, envelope.tenant) == (request.id, ANNA)
    assert (made.price, made.quantity, made.policy_id) == (Money("26.33", "USD"), 10, policy.id)

    risen = await log.says(costs("24.00", "20.00"))
    envelope, made = await log.decided(2)
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
    await log.says(brought, tenant=ANNA)

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
    _, made = await log.decided(3)
    assert (made.price, made.policy_version) == (preview.items[0].then.price, 2)

    await log.says(stock(Availability.out_of_stock, 0))
    _, made = await log.decided(4)
    assert made.quantity == 0
    await log.says(stock())
    await log.decided(5)
    _, made = await log.decided(6)
    assert (made.holds, made.quantity) == ((), 10)

    alerts = await ask(service, TenantAlerts(), AlertPage)
    assert {alert.kind for alert in alerts.items} == {"cost_moved", "out_of_stock"}
    assert (await ask(service, TenantAlerts(), AlertPage, BERT)).items == []
    for foreign in (ListingWhy(listing_id=LISTING), PolicyDetails(policy_id=policy.id)):
        with pytest.raises(Refused) as refused:
            await service.asker.ask(foreign, tenant=BERT)
        assert refused.value.kind == "not_found"
