"""Everything with a number in it is heard here, in whole batches: one statement serves them all.

Only what the events themselves tell is used, so hearing them again from the first gives the same
rows. An event that cannot be counted fails by itself and is parked with its cause.
"""

from collections.abc import Sequence
from uuid import UUID

from dropship.analytics.domain.book import Book
from dropship.analytics.projections import listings, sales, titles
from dropship.analytics.projections.listings import Standing
from dropship.analytics.tables import PROJECTIONS
from dropship.contracts.envelope import Envelope
from dropship.contracts.listings import (
    ListingDelisted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRequested,
    ListingResumed,
    ListingStatus,
)
from dropship.contracts.orders import OrderCancelled, OrderReceived, OrderRefunded
from dropship.contracts.products import ProductDescribed
from dropship.pricing.money import from_wire
from dropship.runtime.errors import Unreadable
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.runtime.rebuilding import Memory

OfOrders = OrderReceived | OrderRefunded | OrderCancelled
OfListings = (
    ListingRequested
    | ListingPublished
    | ListingPaused
    | ListingResumed
    | ListingEnded
    | ListingDelisted
)

STATUS: dict[type[OfListings], ListingStatus] = {
    ListingRequested: ListingStatus.Pending,
    ListingPublished: ListingStatus.Active,
    ListingPaused: ListingStatus.Paused,
    ListingResumed: ListingStatus.Active,
    ListingEnded: ListingStatus.Ended,
    ListingDelisted: ListingStatus.Delisted,
}


async def count(
    batch: Sequence[Heard[OfOrders | OfListings | ProductDescribed]], tx: Transaction
) -> None:
    """Take in a batch."""
    of_orders: list[tuple[OfOrders, Envelope]] = []
    standings: dict[str, Standing] = {}
    called: dict[str, str] = {}
    for heard in batch:
        event = heard.event
        if isinstance(event, ProductDescribed):
            called[event.product_id] = event.title
        elif isinstance(event, OfOrders):
            of_orders.append((event, heard.envelope))
        else:
            standings[event.listing_id] = _standing(event, heard.envelope)
    if of_orders:
        await _take_orders(of_orders, tx)
    if standings:
        await listings.stand(tx, standings.values())
    if called:
        await titles.call(tx, called)


async def _take_orders(told: Sequence[tuple[OfOrders, Envelope]], tx: Transaction) -> None:
    new = {event.order_id for event, _ in told if isinstance(event, OrderReceived)}
    book = await sales.open_book(tx, {event.order_id for event, _ in told} - new)
    for event, envelope in told:
        _tell(book, event, envelope)
    await sales.write_down(tx, book)


def _tell(book: Book, event: OfOrders, envelope: Envelope) -> None:
    match event:
        case OrderReceived():
            book.receive(event, event_id=UUID(envelope.id), tenant_id=_tenant(envelope))
        case OrderRefunded():
            amount = from_wire(event.amount)
            book.refund(event.order_id, amount, event.refunded_at, event_id=UUID(envelope.id))
        case OrderCancelled():
            book.cancel(event.order_id, event.cancelled_at)


def _standing(event: OfListings, envelope: Envelope) -> Standing:
    return Standing(
        event.listing_id,
        _tenant(envelope),
        event.store_id,
        event.product_id,
        STATUS[type(event)],
    )


def _tenant(envelope: Envelope) -> str:
    if envelope.tenant is None:
        raise Unreadable(f"{envelope.type} {envelope.id} belongs to no tenant")
    return envelope.tenant


REMEMBERED = Memory(
    service="analytics",
    tables=PROJECTIONS,
    handler=count,
)
"""All that analytics remembers, and how it comes about: enough to remember it again."""
