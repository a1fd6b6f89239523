"""The freshness lease: how long a listing may sell on what was last seen of its product.

This is the one protection that needs nobody else: with every other service dead, listings are held
when their leases run out.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from dropship.contracts.listings import Hold
from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.listing import Listing, hold, lift


def fresh(listing: Listing, at: datetime) -> bool:
    """Whether its lease holds at `at`."""
    return listing.fresh_until is not None and at < listing.fresh_until


def renew(listing: Listing, product: Product, lease_s: float, at: datetime) -> Listing:
    """What the newest look is worth to this listing.

    It renews the lease only if it says what the tracker last said, and the newest decision rests on
    that. A lease is never shortened here: what disagrees is for the tracker to conclude from.
    """
    look, decided = product.reading, listing.decided
    if look is None or decided is None or not (product.agreed and decided.rests_on(product)):
        return listing
    until = look.at + timedelta(seconds=lease_s)
    if listing.fresh_until is not None and until <= listing.fresh_until:
        until = listing.fresh_until
    renewed = replace(listing, fresh_until=until)
    return lift(renewed, {Hold.stale}) if at < until else renewed


def expire(listing: Listing, at: datetime) -> Listing:
    """Hold what sells on a lease that has run out."""
    return hold(listing, Hold.stale) if listing.sells and not fresh(listing, at) else listing
