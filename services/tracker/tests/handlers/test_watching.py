"""A tenant's own notes, and the end of a watch."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from dropship.contracts.ids import product_id
from dropship.contracts.offers import OfferObserved
from dropship.contracts.products import (
    AmendWatch,
    Product,
    ProductArchived,
    ProductUnwatched,
    ProductWatched,
    StopWatching,
)
from dropship.runtime.errors import Refused
from dropship.tracker.handlers.releasing_checks import release_checks
from dropship.tracker.handlers.watching import amend_watch, stop_watching

KETTLE = product_id("amazon-com", "B1")
UNKNOWN = str(uuid5(UUID(int=0), "unknown"))
Offer = Callable[..., OfferObserved]


@pytest.fixture
async def watched(story: Any, offer: Offer) -> Any:
    """Anna and Bert watch the kettle."""
    await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    await story.hears(story.looked(offer()))
    return story


async def amended(story: Any, tenant: str = "anna", **wish: Any) -> Product:
    asked = story.asked(AmendWatch(product_id=KETTLE, **wish), tenant=tenant)
    return msgspec.json.decode(await story.obeys(amend_watch, asked), type=Product)


async def test_a_label_is_the_tenant_s_own(watched: Any) -> None:
    assert (await amended(watched, label="for the shop")).label == "for the shop"
    assert (await amended(watched, tenant="bert")).label is None
    assert (await amended(watched)).label == "for the shop"
    assert (await amended(watched, label=None)).label is None


async def test_the_most_impatient_watcher_sets_the_pace(watched: Any) -> None:
    await watched.bears(60)
    await amended(watched, tenant="bert", check_every_s=900)
    assert (await watched.rows("checks", "every_s, source"))[0][0] == 60
    await amended(watched, check_every_s=600)
    assert (await watched.rows("checks", "every_s, source"))[0][0] == 600
    await watched.obeys(stop_watching, watched.asked(StopWatching(product_id=KETTLE)))
    assert (await watched.rows("checks", "every_s, source"))[0][0] == 900


async def test_the_product_stays_for_the_others(watched: Any) -> None:
    await watched.obeys(stop_watching, watched.asked(StopWatching(product_id=KETTLE)))
    said = await watched.scene.said()
    assert said[-1] == ProductUnwatched(product_id=KETTLE, tenant_id="anna")
    assert len(await watched.rows("watches")) == 1


async def test_after_the_last_watcher_the_product_is_archived_and_checked_no_more(
    watched: Any, offer: Offer
) -> None:
    await watched.bears(60)
    await watched.scene.said()
    for tenant in ("anna", "bert"):
        stop = watched.asked(StopWatching(product_id=KETTLE), tenant=tenant)
        await watched.obeys(stop_watching, stop)
    said = await watched.scene.said()
    assert [type(m) for m in said] == [ProductUnwatched, ProductUnwatched, ProductArchived]
    watched.clock.advance(600)
    assert await watched.goes_round(release_checks) == []
    assert len(await watched.rows("price_history")) == 1


async def test_an_archived_product_can_be_watched_again(watched: Any, offer: Offer) -> None:
    for tenant in ("anna", "bert"):
        stop = watched.asked(StopWatching(product_id=KETTLE), tenant=tenant)
        await watched.obeys(stop_watching, stop)
    said = await watched.hears(watched.requested("job-3"))
    assert ProductWatched(product_id=KETTLE, tenant_id="anna") in said
    assert len(await watched.rows("checks")) == 1


@pytest.mark.parametrize("product", [KETTLE, UNKNOWN, "nonsense"])
async def test_a_foreign_product_is_refused_exactly_like_an_unknown_one(
    watched: Any, product: str
) -> None:
    for obeyer, wish in (
        (amend_watch, AmendWatch(product_id=product, label="mine")),
        (stop_watching, StopWatching(product_id=product)),
    ):
        with pytest.raises(Refused) as refused:
            await watched.obeys(obeyer, watched.asked(wish, tenant="carl"))
        assert refused.value.kind == refused.value.reason == "not_found"
        assert refused.value.detail == f"you watch no product {product}"


async def test_a_product_that_nobody_has_seen_yet_cannot_be_stopped(story: Any) -> None:
    await story.hears(story.requested("job-1"))
    with pytest.raises(Refused):
        await story.obeys(stop_watching, story.asked(StopWatching(product_id=KETTLE)))
    assert len(await story.rows("watches")) == 1
