"""What the syncer concludes from what it hears, before it asks what to send.

A listing is held here at once, without waiting for policy; and the doubts that the syncer had by
itself end here, when the newest decision rests on the present facts and would pass the gate.
"""

from datetime import datetime

from msgspec.structs import replace

from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.gate import Refusal, losing, unbuyable, unsound
from dropship.syncer.domain.lease import renew
from dropship.syncer.domain.listing import OF_FACTS, Listing, hold, lift
from dropship.syncer.domain.steps import Standing


def weigh(
    listing: Listing,
    product: Product,
    standing: Standing,
    fee_schedule: str,
    lease_s: float,
    at: datetime,
) -> Listing:
    """The listing after a fact, a decision or a look was heard; `settle` goes on from here."""
    sound = _rests_soundly(listing, product, fee_schedule, at)
    if sound:
        listing = lift(listing, OF_FACTS)
    alarming = None if sound and standing.writable else alarm(listing, product, fee_schedule, at)
    if alarming is not None and alarming.hold not in listing.own_holds:
        listing = replace(hold(listing, alarming.hold), sync_detail=alarming.detail)
    return renew(listing, product, lease_s, at)


def _rests_soundly(listing: Listing, product: Product, fee_schedule: str, at: datetime) -> bool:
    decided = listing.decided
    return (
        decided is not None
        and decided.price is not None
        and decided.rests_on(product)
        and unsound(decided.price, listing, product, fee_schedule, at) is None
    )


def alarm(listing: Listing, product: Product, fee_schedule: str, at: datetime) -> Refusal | None:
    """Why a listing that sells must stop at once, at the price that buyers see now.

    Not asked while a sound decision is being carried out: its price rises before anything else.
    """
    if listing.there is None or not listing.sells:
        return None
    price = listing.there.price
    return unbuyable(product) or losing(price, listing, product, fee_schedule, at)
