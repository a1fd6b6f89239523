"""What is known of a product, and what is worth saying when somebody has looked at it again.

Values in, values out: the state before, the look, and the moment the log stored it; then the state
after, and the facts. Nothing changed means nothing said.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import FailureReason, Flag, ObservationFailed, OfferObserved
from dropship.contracts.products import (
    PriceChanged,
    ProductDescribed,
    ProductImported,
    ProductVanished,
    StockChanged,
)
from dropship.pricing.money import Money, to_wire
from dropship.tracker.domain.offers import (
    Context,
    Description,
    NoOffer,
    Offered,
    PriceReading,
    Stock,
    Unclear,
    believable_price,
    believable_stock,
    context_of,
    countable,
    description_of,
    storable,
)

Fact = ProductImported | ProductDescribed | PriceChanged | StockChanged | ProductVanished

ABSENT = frozenset({FailureReason.not_found, FailureReason.gone})
LOOKS_TO_VANISH = 3


class Present(Struct, frozen=True):
    """The last readable answer showed the product."""


class Missing(Struct, frozen=True):
    """The page has been gone for so many looks; not yet enough to believe it."""

    looks: int
    since: datetime
    last_at: datetime


class Vanished(Struct, frozen=True):
    """Gone, and said so."""

    since: datetime


Presence = Present | Missing | Vanished


class Asked(Struct, frozen=True):
    """Somebody wants it; nobody has seen it."""


class Seen(Struct, frozen=True):
    """What the believed looks add up to. `stock` is None while no look has told it."""

    description: Description
    price: Money | None
    list_price: Money | None
    flags: tuple[Flag, ...]
    stock: Stock | None
    rating: str | None
    review_count: int | None
    context: Context
    imported_at: datetime
    last_seen_at: datetime
    last_changed_at: datetime
    presence: Presence


State = Asked | Seen


class Concluded(Struct, frozen=True):
    """The state after a look and the facts to say, in this order.

    `doubt` names why a reading was not believed at all; the state is then the one before.
    """

    state: State
    facts: tuple[Fact, ...] = ()
    doubt: str | None = None


def observe(state: State, offer: OfferObserved, *, stored_at: datetime) -> Concluded:
    """Take in a readable look.

    A look not newer than the last believed one changes nothing. One from the future of the log's
    clock counts as made when it was stored, or a fast clock would shut out every later look.
    """
    at = min(offer.observed_at, stored_at)
    price = believable_price(offer)
    stock = believable_stock(offer, price)
    context = context_of(offer, price)
    if isinstance(state, Asked):
        return _first(offer, price, stock, context, at)
    if at <= state.last_seen_at:
        return Concluded(state)
    if state.context.contradicts(context):
        return Concluded(state, doubt="other_context")
    if isinstance(price, Unclear) and stock is None:
        return Concluded(state, doubt="unclear_offer")
    return _again(state, offer, price, stock, context, at)


def _first(
    offer: OfferObserved,
    price: PriceReading,
    stock: Stock | None,
    context: Context,
    at: datetime,
) -> Concluded:
    blank = Seen(
        description=Description(""),
        price=None,
        list_price=None,
        flags=(),
        stock=None,
        rating=None,
        review_count=None,
        context=Context(),
        imported_at=at,
        last_seen_at=at,
        last_changed_at=at,
        presence=Present(),
    )
    imported = ProductImported(
        product_id=offer.product_id,
        source=offer.source,
        external_id=offer.external_id,
        variant=offer.variant,
    )
    then = _again(blank, offer, price, stock, context, at)
    return Concluded(then.state, (imported, *then.facts))


def _again(
    state: Seen,
    offer: OfferObserved,
    price: PriceReading,
    stock: Stock | None,
    context: Context,
    at: datetime,
) -> Concluded:
    now = replace(
        _priced(state, offer, price),
        description=description_of(offer),
        stock=stock or state.stock,
        rating=storable(offer.rating),
        review_count=countable(offer.review_count),
        context=state.context.completed_by(context),
        last_seen_at=at,
        presence=Present(),
    )
    facts = _differences(offer.product_id, state, now, at)
    return Concluded(replace(now, last_changed_at=at) if facts else now, facts)


def _priced(state: Seen, offer: OfferObserved, price: PriceReading) -> Seen:
    match price:
        case Offered():
            return replace(state, price=price.price, list_price=price.list_price, flags=offer.flags)
        case NoOffer():
            return replace(state, price=None, list_price=None, flags=offer.flags)
        case Unclear():
            return state


def _differences(product_id: str, old: Seen, new: Seen, at: datetime) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    if old.description != new.description:
        facts.append(_described(product_id, new.description))
    moved: list[Fact] = []
    if old.price != new.price or set(old.flags) != set(new.flags):
        moved.append(_repriced(product_id, old, new, at))
    if new.stock is not None and old.stock != new.stock:
        moved.append(_restocked(product_id, old.stock, new.stock, at))
    # Sold out is the reason why there is no price, so it is told first.
    return (*facts, *(moved if new.price is not None else reversed(moved)))


def _described(product_id: str, new: Description) -> ProductDescribed:
    return ProductDescribed(
        product_id=product_id,
        title=new.title,
        images=new.images,
        url=new.url,
        seller=new.seller,
    )


def _repriced(product_id: str, old: Seen, new: Seen, at: datetime) -> PriceChanged:
    return PriceChanged(
        product_id=product_id,
        old=to_wire(old.price) if old.price else None,
        new=to_wire(new.price) if new.price else None,
        flags=new.flags,
        observed_at=at,
    )


def _restocked(product_id: str, old: Stock | None, new: Stock, at: datetime) -> StockChanged:
    return StockChanged(
        product_id=product_id,
        old=old.availability if old else None,
        old_quantity=old.quantity if old else None,
        new=new.availability,
        new_quantity=new.quantity,
        quantity_kind=new.quantity_kind,
        ships_in_days=new.ships_in_days,
        observed_at=at,
    )


def miss(
    state: State, failed: ObservationFailed, *, stored_at: datetime, gap_s: float
) -> Concluded:
    """Take in a look that yielded nothing: no price and no stock ever changes by it.

    Pages that are gone for three looks, each at least `gap_s` after the last counted one, have
    vanished; a burst of looks within a minute is one look.
    """
    at = min(failed.observed_at, stored_at)
    if isinstance(state, Asked) or failed.reason not in ABSENT or at <= state.last_seen_at:
        return Concluded(state)
    match state.presence:
        case Vanished():
            return Concluded(state)
        case Present():
            return Concluded(replace(state, presence=Missing(1, at, at)))
        case Missing(looks=looks, since=since, last_at=last_at):
            if (at - last_at).total_seconds() < gap_s:
                return Concluded(state)
            if looks + 1 < LOOKS_TO_VANISH:
                return Concluded(replace(state, presence=Missing(looks + 1, since, at)))
            return _gone(state, failed.product_id, looks + 1, since, at)


def _gone(state: Seen, product_id: str, looks: int, since: datetime, at: datetime) -> Concluded:
    """Not to be had any more: told as a stock too, so that its return is a change as well."""
    stock = Stock(Availability.discontinued, 0, QuantityKind.exact, None)
    vanished = ProductVanished(product_id=product_id, looks=looks, since=since)
    gone = replace(state, presence=Vanished(since), stock=stock, last_changed_at=at)
    if state.stock == stock:
        return Concluded(gone, (vanished,))
    return Concluded(gone, (vanished, _restocked(product_id, state.stock, stock, at)))
