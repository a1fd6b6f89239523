"""Schemathesis asks every operation what its description allows, and much that it does not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dropship.contracts.availability import Availability
from dropship.contracts.money import Money
from dropship.contracts.products import (
    PricePage,
    PricePoint,
    Product,
    ProductPage,
    StockPage,
    StockPoint,
)
from dropship.contracts.suppliers import Feed, FeedPage
from dropship.gateway.http.site import DOCUMENT, ENDPOINTS

EXAMPLES = 20
AT = datetime(2026, 3, 1, tzinfo=UTC)
PRODUCT = Product(
    id="p-1",
    supplier="amazon-de",
    external_id="B0DGHRT7PQ",
    variant="",
    title="A kettle",
    price=Money("24.90", "EUR"),
    list_price=None,
    availability=Availability.in_stock,
    quantity=None,
    quantity_kind=None,
    ships_in_days=2,
    flags=[],
    seller=None,
    rating="4.5",
    review_count=12,
    images=[],
    url=None,
    label=None,
    check_every_s=900,
    imported_at=AT,
    last_seen_at=AT,
    last_changed_at=AT,
    last_failure=None,
    last_failed_at=None,
)
PRICE = PricePoint(id=1, price=PRODUCT.price, list_price=None, flags=[], observed_at=AT)
STOCK = StockPoint(
    id=1, availability=Availability.low, quantity=3, quantity_kind=None, observed_at=AT
)
FEED = Feed(
    id="feed-0198c0de00007000800000000000000a",
    name="wholesale",
    format="csv",
    host="example.com",
    created_at=AT,
)
ANSWERS: dict[str, msgspec.Struct | None] = {
    "watched_products": ProductPage(items=[PRODUCT], next_cursor=None),
    "product_details": PRODUCT,
    "amend_watch": PRODUCT,
    "stop_watching": None,
    "price_history": PricePage(items=[PRICE], next_cursor="abc"),
    "stock_history": StockPage(items=[STOCK], next_cursor=None),
    "connect_feed": FEED,
    "tenant_feeds": FeedPage(items=[FEED], next_cursor=None),
}
# What a description cannot say: which parameters go together, which cursors are ours, and that a
# key was used before.
CHOOSY = {"requestImport", "listJobs", "signUp"}


@pytest.fixture(scope="module")
async def owners(gateway: Any) -> AsyncIterator[None]:
    """Trackers and scrapers that answer as they should."""
    client = gateway.service.bus.client

    async def reply(message: Any) -> None:
        answer = ANSWERS[message.subject.rsplit(".", 1)[1]]
        await client.publish(message.reply, msgspec.json.encode(answer))

    subscriptions = [
        await client.subscribe(f"ask.{name}.>", cb=reply) for name in ("tracker", "scraper")
    ]
    yield
    for subscription in subscriptions:
        await subscription.unsubscribe()
    await client.flush()


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("operation_id", [e.operation_id for e in ENDPOINTS])
async def test_an_operation_does_what_its_description_says(
    gateway: Any, operation_id: str, mode: GenerationMode
) -> None:
    seller = await gateway.seller()
    schema = schemathesis.openapi.from_dict(msgspec.json.decode(DOCUMENT))
    schema.config.update(base_url=gateway.url)
    operation = schema.find_operation_by_id(operation_id)
    headers = {"Authorization": f"Bearer {seller.tokens['access_token']}"}
    if operation_id == "logOut":
        headers = {}
    if operation_id == "describeApi" and mode is GenerationMode.NEGATIVE:
        pytest.skip("there is nothing to get wrong")
    excluded: Any = [positive_data_acceptance] if operation_id in CHOOSY else []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def every_case(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    await asyncio.to_thread(every_case)
