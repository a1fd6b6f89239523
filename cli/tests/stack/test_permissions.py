"""Each service may play its own part on NATS, and the server itself refuses everything else."""

import json
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as Silence

from dropship.cli.stack.permissions import ADMIN, SERVICES, queues, rights, users
from dropship.contracts.catalogue import EVENTS
from dropship.runtime.embedded import NatsServer
from dropship.runtime.topology import read

PASSWORDS = {name: f"password-of-{name}" for name in (ADMIN, *SERVICES)}


class Door:
    """A connection as one user that remembers what the server refused."""

    def __init__(self, client: Client, refused: list[str]) -> None:
        self.client = client
        self._refused = refused

    async def refuses(self, subject: str, payload: bytes = b"{}") -> bool:
        """Whether the server refuses to take the message."""
        self._refused.clear()
        await self.client.publish(subject, payload)
        await self.client.flush()  # its ping may overtake what was published just before
        await self.client.flush()
        return any("permissions violation for publish" in error for error in self._refused)

    async def asks(self, subject: str, body: Any = None) -> dict[str, Any] | None:
        """The answer of JetStream, or None when the server refused the question."""
        payload = b"" if body is None else json.dumps(body).encode()
        try:
            message = await self.client.request(subject, payload, timeout=0.5)
        except (Silence, NoRespondersError):
            return None
        answer: dict[str, Any] = json.loads(message.data)
        return answer


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    home = tmp_path_factory.mktemp("broker")
    async with NatsServer(home, users(PASSWORDS)) as server:
        admin = await door(server, ADMIN)
        text = files("dropship.cli").joinpath("topology.toml").read_text(encoding="utf-8")
        for stream in read(text, lambda _group: []).streams:
            made = await admin.asks(f"$JS.API.STREAM.CREATE.{stream['name']}", stream)
            assert made is not None
            assert "error" not in made
        await admin.client.close()
        yield server


async def door(server: NatsServer, user: str) -> Door:
    refused: list[str] = []

    async def hear(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(
        server.url,
        user=user,
        password=PASSWORDS[user],
        inbox_prefix=f"_INBOX_{user}".encode(),
        error_cb=hear,
    )
    return Door(client, refused)


@pytest.fixture
async def analytics(broker: NatsServer) -> AsyncIterator[Door]:
    opened = await door(broker, "analytics")
    yield opened
    await opened.client.close()


@pytest.fixture
async def tracker(broker: NatsServer) -> AsyncIterator[Door]:
    opened = await door(broker, "tracker")
    yield opened
    await opened.client.close()


async def test_analytics_cannot_change_a_price(analytics: Door) -> None:
    assert await analytics.refuses("evt.05.price.changed")


async def test_nobody_but_the_owner_says_an_event(broker: NatsServer) -> None:
    subjects = {
        name: "obs.05.amazon-de"
        if event.stream == "OBSERVATIONS"
        else f"evt.05.{event.noun()}.{event.verb()}"
        for name, event in EVENTS.items()
    }
    for service in SERVICES:
        opened = await door(broker, service)
        for name, event in EVENTS.items():
            if event.owner not in (service, "runtime"):
                assert await opened.refuses(subjects[name]), f"{service} may say {name}"
        await opened.client.close()


async def test_the_owner_says_its_own_events(broker: NatsServer) -> None:
    for event in EVENTS.values():
        if event.owner != "runtime" and event.stream == "EVENTS":
            opened = await door(broker, event.owner)
            assert not await opened.refuses(f"evt.05.{event.noun()}.{event.verb()}")
            await opened.client.close()


@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.STREAM.DELETE.EVENTS",
        "$JS.API.STREAM.PURGE.EVENTS",
        "$JS.API.STREAM.UPDATE.EVENTS",
        "$JS.API.STREAM.CREATE.OTHER",
        "$JS.API.STREAM.MSG.DELETE.EVENTS",
        "$JS.API.CONSUMER.DURABLE.CREATE.WORK.mine",
        "$JS.API.CONSUMER.CREATE.WORK.mine",
        "$JS.API.CONSUMER.DELETE.WORK.scraper-amazon-now",
        "$JS.API.CONSUMER.MSG.NEXT.WORK.scraper-amazon-now",
        "$JS.ACK.WORK.scraper-amazon-now.1.1.1.1.1",
    ],
)
async def test_analytics_can_neither_harm_the_log_nor_take_anothers_work(
    analytics: Door, subject: str
) -> None:
    assert await analytics.refuses(subject)


async def test_no_service_can_delete_the_log(broker: NatsServer) -> None:
    for service in SERVICES:
        opened = await door(broker, service)
        assert await opened.asks("$JS.API.STREAM.DELETE.EVENTS") is None
        await opened.client.close()
    admin = await door(broker, ADMIN)
    found = await admin.asks("$JS.API.STREAM.INFO.EVENTS")
    await admin.client.close()
    assert found is not None
    assert "error" not in found


@pytest.mark.parametrize("subject", ["fence.scraper", "obsfence.scraper", "wake.scraper"])
async def test_no_service_can_shut_out_anothers_relay(tracker: Door, subject: str) -> None:
    assert await tracker.refuses(subject)
    assert not await tracker.refuses(subject.replace("scraper", "tracker"))


async def test_only_tracker_orders_looks_and_only_the_gateway_asks(
    tracker: Door, analytics: Door
) -> None:
    look = "work.scraper.amazon.later.scrape_product"
    assert not await tracker.refuses(look)
    assert await analytics.refuses(look)
    assert await tracker.refuses("ask.scraper.tenant_feeds")


async def test_a_service_hears_through_a_consumer_of_its_own(tracker: Door) -> None:
    config = {
        "name": "tracker-hears-1",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": 1,
        "ack_policy": "none",
        "mem_storage": True,
        "inactive_threshold": 10_000_000_000,
        "filter_subjects": ["evt.*.import.requested"],
    }
    for stream, filters in (("EVENTS", ["evt.*.import.requested"]), ("OBSERVATIONS", ["obs.*.*"])):
        body = {
            "stream_name": stream,
            "config": {**config, "filter_subjects": filters},
            "action": "create",
        }
        made = await tracker.asks(f"$JS.API.CONSUMER.CREATE.{stream}.tracker-hears-1", body)
        assert made is not None
        assert "error" not in made
        gone = await tracker.asks(f"$JS.API.CONSUMER.DELETE.{stream}.tracker-hears-1")
        assert gone is not None
        assert gone["success"]


async def test_nobody_listens_to_anothers_answers(broker: NatsServer, analytics: Door) -> None:
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject)

    await analytics.client.subscribe("_INBOX_gateway.>", cb=hear)
    await analytics.client.flush()
    await analytics.client.flush()
    gateway = await door(broker, "gateway")
    await gateway.asks("ask.tracker.watched_products")
    await gateway.client.close()
    await analytics.client.flush()
    assert heard == []


def test_each_supplier_has_its_own_queues_for_the_scraper_alone() -> None:
    assert "scraper-amazon-now" in queues("scraper")
    assert "$JS.ACK.WORK.scraper-feed-later.>" in rights("scraper").publish
    assert queues("tracker") == []
