"""A tenant changes what is wanted of a listing, holds it, resumes it, or ends it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from dropship.contracts import money as wire
from dropship.contracts.listings import (
    AmendListing,
    EndListing,
    Hold,
    ListingAmended,
    ListingDelisted,
    ListingStatus,
    PauseListing,
    ResumeListing,
    SyncState,
)
from dropship.contracts.messages import Event
from dropship.pricing.money import Money, to_wire
from dropship.runtime.asking import Asked
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.bringing import Change, names_of, settle
from dropship.syncer.domain.listing import Listing, end, hold, resume
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.handlers.wishes import consistent, payable, policy_named, storable
from dropship.syncer.projections import listings
from dropship.syncer.projections.listings import Known
from dropship.syncer.projections.stores import FORGOTTEN, GONE
from dropship.syncer.queries.listings import details
from dropship.syncer.queries.reading import known_id, not_found

_WISHES = """
SELECT title, description, policy_id, override_minor, min_minor, max_minor
  FROM listings WHERE tenant_id = %s AND id = %s
"""
_KEEP = """
UPDATE listings SET title = %s, description = %s, policy_id = %s, override_minor = %s,
  min_minor = %s, max_minor = %s WHERE tenant_id = %s AND id = %s
"""
By = AmendListing | PauseListing | ResumeListing | EndListing


async def amend_listing(asked: Asked[AmendListing], tx: Transaction) -> bytes:
    """Change what was given, leave the rest; a decision follows, and then perhaps a call."""
    known = await _reachable(asked, tx)
    wish, currency = asked.question, known.listing.currency
    row = await tx.fetch_one(_WISHES, (asked.tenant, known.id))
    assert row is not None
    title, description, policy_id, *minors = row
    if wish.title is not UNSET or wish.description is not UNSET:
        _unsent(known)
    amounts = [
        _amount(wish.price, minors[0], currency, "price"),
        _amount(wish.min_price, minors[1], currency, "min_price"),
        _amount(wish.max_price, minors[2], currency, "max_price"),
    ]
    consistent(*amounts)
    texts = (_given(wish.title, title), storable(_given(wish.description, description)))
    policy = policy_id if wish.policy_id is UNSET else policy_named(wish.policy_id)
    now = [amount.minor if amount else None for amount in amounts]
    await tx.execute(_KEEP, (*texts, policy, *now, asked.tenant, known.id))
    listing = replace(known.listing, min_price=amounts[1])
    facts = () if [policy, *now] == [policy_id, *minors] else (_amended(listing, policy, amounts),)
    return await _answer(tx, known, settle(listing, known.standing, tx.at, facts))


def _unsent(known: Known) -> None:
    """Texts are sent when a listing is made, and not again; perhaps it was made already."""
    listing = known.listing
    in_doubt = listing.bringing is not None or listing.sync is SyncState.unknown
    if listing.there is not None or in_doubt:
        detail = "its texts stand on the marketplace already; change them there"
        raise Refused("already_there", detail, kind="conflict", field="title")


def _given(wish: Any, before: Any) -> Any:
    return before if wish is UNSET else wish


def _amount(wish: Any, minor: int | None, currency: str, field: str) -> Money | None:
    if wish is UNSET:
        return Money(minor, currency) if minor is not None else None
    assert wish is None or isinstance(wish, wire.Money)
    return payable(wish, currency, field)


def _amended(listing: Listing, policy: str | None, amounts: list[Money | None]) -> ListingAmended:
    price, least, most = (to_wire(amount) if amount else None for amount in amounts)
    return ListingAmended(
        listing_id=listing.id,
        product_id=listing.product_id,
        policy_id=policy,
        price=price,
        min_price=least,
        max_price=most,
    )


async def pause_listing(asked: Asked[PauseListing], tx: Transaction) -> bytes:
    """Hold it until a person resumes it."""
    return await _change(asked, tx, lambda listing: hold(listing, Hold.manual))


async def resume_listing(asked: Asked[ResumeListing], tx: Transaction) -> bytes:
    """Lift what waits for a person. What else holds it goes on holding it."""
    return await _change(asked, tx, resume)


async def end_listing(asked: Asked[EndListing], tx: Transaction) -> bytes:
    """Take it off the marketplace for good; from a store that is gone, take it off our books."""
    known = await _mine(asked, tx)
    if known.standing.status in GONE:
        return await _answer(tx, known, _forgotten(known.listing))
    change = settle(end(known.listing, "user"), known.standing, tx.at)
    return await _answer(tx, known, change)


def _forgotten(listing: Listing) -> Change:
    delisted: tuple[Event, ...] = (ListingDelisted(**names_of(listing), reason=FORGOTTEN),)
    gone = replace(listing, status=ListingStatus.Delisted, ending=FORGOTTEN)
    return Change(listing=gone, facts=delisted)


async def _change(
    asked: Asked[Any], tx: Transaction, change: Callable[[Listing], Listing]
) -> bytes:
    known = await _reachable(asked, tx)
    return await _answer(tx, known, settle(change(known.listing), known.standing, tx.at))


async def _reachable(asked: Asked[Any], tx: Transaction) -> Known:
    """As `_mine`. Raises Refused for one whose store is gone: nothing wished could come true."""
    known = await _mine(asked, tx)
    if known.standing.status in GONE:
        detail = f"its store is {known.standing.status}; connect the store again first"
        raise Refused("store_not_connected", detail, kind="conflict", field="listing_id")
    return known


async def _mine(asked: Asked[Any], tx: Transaction) -> Known:
    """The asking tenant's listing, locked. Raises Refused for any other, or one that is over."""
    question: By = asked.question
    known = await listings.lock_of(tx, asked.tenant, known_id(question.listing_id, "listing"))
    if known is None:
        raise not_found(question.listing_id, "listing")
    if known.listing.over:
        detail = f"the listing is {known.listing.status}; list the product again instead"
        raise Refused("listing_over", detail, kind="conflict", field="listing_id")
    return known


async def _answer(tx: Transaction, known: Known, change: Change) -> bytes:
    voice = Voice(tx, {known.id: known})
    voice.apply(known, change)
    await voice.keep()
    return await details(tx, known.listing.tenant, UUID(known.listing.id))
