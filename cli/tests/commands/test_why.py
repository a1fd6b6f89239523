"""Where policy cannot explain a listing now, a person reads why, and what to do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import nats
import pytest
from nats.aio.msg import Msg

from dropship.cli.commands.why import asked
from dropship.cli.faults import Fault
from dropship.cli.settings import Stores
from dropship.contracts.listings import ListingRequested
from dropship.runtime.asking import OUTCOME, Refusal
from dropship.runtime.embedded import NatsServer, User
from dropship.runtime.testing.scene import envelope_of

LISTING = "5b0c7a21-0000-4000-8000-000000000000"
REQUESTED = ListingRequested(
    listing_id=LISTING,
    product_id="p",
    store_id="s",
    marketplace="shopify",
    currency="USD",
    fee_schedule="shopify-payments-us",
    policy_id=None,
    price=None,
    min_price=None,
    max_price=None,
)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A log on which one listing was asked for."""
    async with NatsServer(tmp_path / "nats", [User("admin", "secret")]) as server:
        client = await nats.connect(server.url, user="admin", password="secret")
        await client.jetstream().add_stream(name="EVENTS", subjects=["evt.>"], allow_direct=True)
        envelope = envelope_of(
            REQUESTED,
            1,
            key="p",
            at=datetime(2026, 11, 23, tzinfo=UTC),
            tenant="t",
            subject=f"listing:{LISTING}",
        )
        await client.jetstream().publish("evt.0.listing.requested", msgspec.json.encode(envelope))
        yield server
        await client.close()


def stores(server: NatsServer) -> Stores:
    return Stores("postgresql://nobody@127.0.0.1/none", server.url, "admin", "secret")


async def test_a_policy_that_has_no_database_now_is_told_as_that(log: NatsServer) -> None:
    async def busy(message: Msg) -> None:
        refusal = msgspec.json.encode(Refusal("database_unavailable", after_s=1))
        await client.publish(message.reply, refusal, headers={OUTCOME: "retry"})

    client = await nats.connect(log.url, user="admin", password="secret")
    await client.subscribe("ask.policy.>", cb=busy)
    await client.flush()
    with pytest.raises(Fault, match=r"cannot answer now \(database_unavailable\).*status"):
        await asked(stores(log), LISTING, False, None)
    await client.close()


async def test_a_policy_that_does_not_run_is_told_as_that(log: NatsServer) -> None:
    with pytest.raises(Fault, match=r"policy.*dropship status"):
        await asked(stores(log), LISTING, True, None)
