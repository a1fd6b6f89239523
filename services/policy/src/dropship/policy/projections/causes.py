"""Events as links of a chain of causes: who said what, when, and in a seller's words.

A link stands in rows for years and is shown to one tenant, so it names no other tenant's people:
only a tenant's own events tell who acted.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from dropship.contracts.decisions import Link
from dropship.contracts.envelope import Envelope
from dropship.contracts.listings import (
    ListingAmended,
    ListingPaused,
    ListingPublished,
    ListingRepriced,
    ListingRequested,
    ListingRestocked,
    ListingResumed,
)
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from dropship.contracts.offers import ObservationFailed, OfferObserved
from dropship.contracts.products import PriceChanged, ProductImported, ProductVanished, StockChanged
from dropship.runtime.hearing import Heard

Chain = tuple[Link, ...]
ProductFact = ProductImported | PriceChanged | StockChanged | ProductVanished
Brought = ListingPublished | ListingRepriced | ListingRestocked | ListingPaused | ListingResumed


def chain_of_product(heard: Heard[ProductFact]) -> Chain:
    """The look at the supplier's page, and the fact that the tracker drew from it.

    That a product is known at all decides nothing, so it begins no chain.
    """
    match heard.event:
        case ProductImported():
            return ()
        case ProductVanished(since=since) as event:
            seen: type[Event] = ObservationFailed
            at, looked = since, "The supplier's page was gone."
        case PriceChanged(observed_at=at) | StockChanged(observed_at=at) as event:
            seen, looked = OfferObserved, "The supplier's offer was read."
    fact = _link(heard.envelope, _product_sentence(event))
    look = heard.envelope.causationid
    if look is None:
        return (fact,)
    return (
        Link(event_id=look, type=seen.wire_type(), by=seen.owner, at=at, said=looked),
        fact,
    )


def chain_of_wish(heard: Heard[ListingRequested | ListingAmended]) -> Chain:
    """What a user wanted of a listing."""
    wish = heard.event
    asked = isinstance(wish, ListingRequested)
    said = "The listing was asked for" if asked else "What is wanted of the listing was changed"
    if wish.price is not None:
        said += f", at a typed price of {amount(wish.price)}"
    return (_link(heard.envelope, f"{said}{_by_whom(heard)}."),)


def link_of_order(envelope: Envelope, quantity: int) -> Link:
    """What was bought of one product; who bought it is told nowhere."""
    return _link(envelope, f"{quantity} {'was' if quantity == 1 else 'were'} ordered in the shop.")


def link_of_cancellation(envelope: Envelope) -> Link:
    """What was bought is not to be sent after all."""
    return _link(envelope, "The order was called off.")


def link_of_outcome(heard: Heard[Brought]) -> Link:
    """What a decision led to on the marketplace."""
    return _link(heard.envelope, _outcome_sentence(heard.event))


def as_json(links: Sequence[Link]) -> str:
    """Links as a JSON parameter."""
    return msgspec.json.encode(links).decode()


def amount(money: Money | None) -> str:
    """An amount as a seller reads it."""
    return "no price" if money is None else f"{money.amount} {money.currency}"


def _link(envelope: Envelope, said: str) -> Link:
    return Link(
        event_id=envelope.id,
        type=envelope.type,
        by=envelope.source,
        at=envelope.time,
        said=said,
        caused_by=envelope.causationid,
    )


def _by_whom(heard: Heard[Any]) -> str:
    return f" by {heard.envelope.actor}" if heard.envelope.actor else ""


def _product_sentence(fact: PriceChanged | StockChanged | ProductVanished) -> str:
    match fact:
        case PriceChanged(old=None, new=new):
            return f"The cost is {amount(new)}."
        case PriceChanged(old=old, new=None):
            return f"There is no offer to buy any more; it was {amount(old)}."
        case PriceChanged(old=old, new=new):
            return f"The cost moved from {amount(old)} to {amount(new)}."
        case StockChanged(old=None, new=new, new_quantity=quantity):
            return f"The stock is {_stock(new, quantity)}."
        case StockChanged(old=old, old_quantity=before, new=new, new_quantity=quantity):
            return f"The stock moved from {_stock(old, before)} to {_stock(new, quantity)}."
        case ProductVanished(looks=looks):
            return f"The supplier's page has been gone for {looks} looks in a row."


def _stock(availability: str | None, quantity: int | None) -> str:
    words = str(availability).replace("_", " ")
    return words if quantity is None else f"{words} ({quantity})"


def _outcome_sentence(outcome: Brought) -> str:
    match outcome:
        case ListingPublished(price=price, quantity=quantity):
            return f"Published at {amount(price)}, quantity {quantity}."
        case ListingRepriced(old=None, new=new):
            return f"The price was set to {amount(new)}."
        case ListingRepriced(old=old, new=new):
            return f"The price was set from {amount(old)} to {amount(new)}."
        case ListingRestocked(old=old, new=new):
            return f"The quantity was set from {old} to {new}."
        case ListingPaused(holds=holds):
            return f"Paused with quantity 0: {', '.join(hold.value for hold in holds)}."
        case ListingResumed(price=price, quantity=quantity):
            return f"Resumed at {amount(price)}, quantity {quantity}."
