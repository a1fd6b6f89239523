"""The tracker as it is deployed: two replicas on NATS with streams and on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from dropship.contracts.ids import product_id
from dropship.contracts.imports import ImportCompleted, ImportRequested
from dropship.contracts.offers import OfferObserved
from dropship.contracts.products import (
    Product,
    ProductDetails,
    StopWatching,
    WatchedProducts,
)
from dropship.runtime.errors import Refused
from dropship.runtime.service import Service
from dropship.runtime.testing import Log, Servers, deployed, eventually
from dropship.tracker.app import build
from dropship.tracker.settings import TrackerSettings

KETTLE = product_id("amazon-com", "B1")
Offer = Callable[..., OfferObserved]


@pytest.fixture
async def pair(servers: Servers, topology_with: Any) -> AsyncIterator[tuple[Log, Service]]:
    """Two replicas, the log they listen to, and one of the two to ask through."""

    def built(told: dict[str, Any]) -> Service:
        return build(TrackerSettings(**{**told, "check_every_s": 1}))

    async with (
        deployed(servers, "tracker", topology_with({})) as tracker,
        tracker.living(built, "tracker-1", "tracker-2") as service,
    ):
        yield tracker.log, service


async def test_an_import_becomes_a_look_and_the_look_a_product_that_its_tenant_may_read(
    pair: tuple[Log, Service], offer: Offer
) -> None:
    log, service = pair
    wish = ImportRequested(job_id="job-1", source="amazon-com", external_id="B1")
    request = await log.says(wish, "job-1", tenant="anna")
    order = await eventually(
        lambda: log.last("WORK", "work.scraper.amazon.now.scrape_product"), within_s=20
    )
    assert order.causationid == request.id
    await log.says(offer(), KETTLE)
    completed = await eventually(lambda: log.newest(ImportCompleted, "job-1"), within_s=20)
    assert (completed.causationid, completed.tenant) == (request.id, "anna")

    answer = await service.asker.ask(ProductDetails(product_id=KETTLE), tenant="anna")
    assert msgspec.json.decode(answer, type=Product).title == "A kettle"
    for question in (ProductDetails(product_id=KETTLE), StopWatching(product_id=KETTLE)):
        with pytest.raises(Refused) as refused:
            await service.asker.ask(question, tenant="bert")
        assert refused.value.kind == "not_found"
    mine = await service.asker.ask(WatchedProducts(), tenant="anna")
    assert len(msgspec.json.decode(mine)["items"]) == 1
    assert await service.asker.ask(StopWatching(product_id=KETTLE), tenant="anna") == b"null"
