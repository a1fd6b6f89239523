"""What is remembered follows from what was heard, however it was batched, and only once."""

from collections.abc import Callable
from typing import Any

from dropship.contracts.availability import Availability
from dropship.contracts.offers import FailureReason, Flag, ObservationFailed, OfferObserved
from dropship.contracts.products import PriceChanged, StockChanged

Offer = Callable[..., OfferObserved]
Failure = Callable[..., ObservationFailed]
REMEMBERED = ("products", "price_history", "stock_history", "watches")


def a_life(offer: Offer, failure: Failure) -> list[OfferObserved | ObservationFailed]:
    """Half an hour of two products, with all that can happen to them."""
    return [
        offer(0, quantity=5),
        offer(0, item="B2", price=None, availability=Availability.out_of_stock),
        offer(1, price="11.00", quantity=5, images=("https://img/1",), rating="4.5"),
        failure(2),
        offer(3, item="B2", ship_to="US", flags=(Flag.third_party,), seller="Somebody"),
        failure(4, FailureReason.not_found),
        failure(6, FailureReason.gone),
        failure(8, FailureReason.not_found),
        offer(9, price="11.00", quantity=2),
        offer(10, item="B2", ship_to="NL", price="99.00"),
        failure(11, FailureReason.not_found, item="B2"),
        offer(12, availability=Availability.unknown, price="12.00"),
        offer(13, price=None, availability=Availability.out_of_stock, quantity=0),
    ]


async def remembered(story: Any) -> dict[str, list[tuple[Any, ...]]]:
    return {table: await story.rows(table) for table in REMEMBERED}


async def test_the_same_looks_twice_leave_the_same_rows_and_say_nothing_new(
    story: Any, offer: Offer, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", item="B2"))
    life = [story.looked(look) for look in a_life(offer, failure)]
    await story.hears(*life)
    once = await remembered(story)
    assert [len(once[table]) for table in REMEMBERED] == [2, 5, 6, 2]
    assert await story.hears(*life) == []
    twice = await remembered(story)
    assert twice == once


async def test_one_large_batch_and_many_small_ones_remember_the_same(
    story: Any, offer: Offer, failure: Failure
) -> None:
    for item in ("B1", "B2"):
        await story.hears(story.requested(f"job-{item}", item=item))
    for look in a_life(offer, failure):
        await story.hears(story.looked(look))
    planned = await story.rows("checks", "attempts, every_s")
    small = await story.rows("products", "external_id, " + _KNOWN)
    await story.hears(story.requested("job-C1", item="C1"), story.requested("job-C2", item="C2"))
    large = [_renamed(story, look) for look in a_life(offer, failure)]
    await story.hears(*large)
    assert await story.rows("checks", "attempts, every_s") == sorted(planned * 2)
    rows = await story.rows("products", "external_id, " + _KNOWN)
    assert [row[1:] for row in rows if row[0].startswith("C")] == [row[1:] for row in small]


_KNOWN = (
    "version, title, price_minor, currency, availability, stock, seller, images, flags, ship_to,"
    " imported_at, last_seen_at, last_changed_at, vanished, last_failure, last_failed_at"
)


def _renamed(story: Any, look: OfferObserved | ObservationFailed) -> Any:
    """The same look at another product."""
    from msgspec.structs import replace

    from dropship.contracts.ids import product_id

    item = look.external_id.replace("B", "C")
    return story.looked(replace(look, external_id=item, product_id=product_id(look.source, item)))


async def test_the_histories_are_the_fold_of_what_was_said(
    story: Any, offer: Offer, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", item="B2"))
    said = await story.hears(*(story.looked(look) for look in a_life(offer, failure)))
    prices = [(m.product_id, m.observed_at) for m in said if isinstance(m, PriceChanged)]
    stocks = [(m.product_id, m.observed_at, m.new) for m in said if isinstance(m, StockChanged)]
    rows = await story.rows("price_history", "id, product_id::text, observed_at")
    assert [row[1:] for row in rows] == prices
    rows = await story.rows("stock_history", "id, product_id::text, observed_at, availability")
    assert [row[1:] for row in rows] == stocks


async def test_the_versions_of_a_product_have_no_gap(
    story: Any, offer: Offer, failure: Failure
) -> None:
    await story.hears(story.requested("job-1"), story.requested("job-2", tenant="bert"))
    looks = [look for look in a_life(offer, failure) if look.external_id == "B1"]
    for look in looks:
        await story.hears(story.looked(look))
    versions = await story.rows(
        "journal WHERE left(aggregate, 8) = 'product:'", "version, aggregate"
    )
    assert [row[0] for row in versions] == list(range(1, len(versions) + 1))
