"""A service that is mistaken or captured can do on the log what is its part, and no more."""

from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest
from nats.aio.client import Client

from dropship.runtime.testing import eventually
from integration import log
from integration.running import Stack


class Analytics:
    """The rights of analytics in other hands. `refusals` are what the server said to us."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self.client = Client()

    async def note(self, error: Exception) -> None:
        self.refusals.append(str(error).lower())

    async def is_refused(self, subject: str, payload: bytes = b"") -> None:
        """Publish, and wait for the server's no."""
        await self.client.publish(subject, payload)
        await eventually(
            lambda: any(f'publish to "{subject}"'.lower() in said for said in self.refusals),
            what=f"the refusal of {subject}; heard {self.refusals}",
        )

    async def may_not_hear(self, subject: str) -> None:
        await self.client.subscribe(subject)
        await self.client.flush()
        await eventually(
            lambda: any(f'subscription to "{subject}"'.lower() in said for said in self.refusals),
            what=f"the refusal to hear {subject}; heard {self.refusals}",
        )


@pytest.fixture
async def analytics(stack: Stack) -> AsyncIterator[Analytics]:
    passwords = msgspec.json.decode((stack.home / "secrets.json").read_bytes())
    analytics = Analytics()
    analytics.client = await stack.nats(
        user="analytics",
        password=passwords["nats/analytics"],
        inbox_prefix=b"_INBOX_analytics",
        error_cb=analytics.note,
    )
    yield analytics
    await analytics.client.close()


async def test_analytics_cannot_change_a_price(stack: Stack, analytics: Analytics) -> None:
    admin = await stack.nats()
    try:
        subject = "evt.03.price.changed"
        await analytics.is_refused(subject, b'{"forged": "\xe2\x82\xac 0.01"}')
        told = [one for one in await log.said(admin) if b"forged" in one.payload]
        assert told == []
    finally:
        await admin.close()


async def test_analytics_cannot_order_a_look_or_pose_as_a_relay(analytics: Analytics) -> None:
    await analytics.is_refused("work.scraper.amazon.now.scrape_product", b"{}")
    await analytics.is_refused("fence.tracker", b"{}")
    await analytics.is_refused("ask.tracker.stop_watching", b"{}")


async def test_analytics_cannot_delete_empty_or_change_the_log(
    stack: Stack, analytics: Analytics
) -> None:
    admin = await stack.nats()
    try:
        before = await log.count(admin, "EVENTS")
        assert before > 0
        for call in ("STREAM.DELETE", "STREAM.PURGE", "STREAM.UPDATE", "STREAM.MSG.DELETE"):
            await analytics.is_refused(f"$JS.API.{call}.EVENTS", b'{"seq": 1}')
        await analytics.is_refused(f"$JS.API.STREAM.CREATE.{uuid4().hex}", b"{}")
        assert await log.count(admin, "EVENTS") >= before
    finally:
        await admin.close()


async def test_nobody_at_all_can_delete_or_empty_the_log(stack: Stack) -> None:
    admin = await stack.nats()
    try:
        for call, payload in (("STREAM.PURGE", b"{}"), ("STREAM.MSG.DELETE", b'{"seq": 1}')):
            answer = await admin.request(f"$JS.API.{call}.EVENTS", payload, timeout=5)
            assert "error" in msgspec.json.decode(answer.data), call
        assert (await log.read(admin, "EVENTS"))[0].seq == 1
    finally:
        await admin.close()


async def test_analytics_cannot_read_or_take_the_work_of_others(analytics: Analytics) -> None:
    for call in (
        "DIRECT.GET.WORK",
        "STREAM.MSG.GET.WORK",
        "CONSUMER.CREATE.WORK",
        "CONSUMER.MSG.NEXT.WORK.scraper-amazon-now",
        "CONSUMER.DELETE.WORK.scraper-amazon-now",
    ):
        await analytics.is_refused(f"$JS.API.{call}", b'{"seq": 1}')
    for subject in ("work.>", "evt.>", "ask.tracker.product_details", "_INBOX_tracker.>"):
        await analytics.may_not_hear(subject)


async def test_analytics_hears_the_log_as_is_its_part(analytics: Analytics) -> None:
    assert await log.read(analytics.client, "EVENTS")
