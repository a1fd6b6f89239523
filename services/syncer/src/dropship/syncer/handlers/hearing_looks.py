"""Looks are heard for their freshness alone: what they say of price and stock is the tracker's."""

from collections.abc import Sequence
from uuid import UUID

from dropship.contracts import money as wire
from dropship.contracts.offers import OfferObserved
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.bringing import settle
from dropship.syncer.domain.facts import Reading
from dropship.syncer.domain.weighing import weigh
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import listings, products


class Looks:
    """Hears looks, up to 500 at once."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s

    async def hear(self, batch: Sequence[Heard[OfferObserved]], tx: Transaction) -> None:
        """Keep the newest look at each product, and renew the leases that it is good for."""
        known = await products.want(tx, {UUID(look.event.product_id) for look in batch})
        newest: dict[UUID, Heard[OfferObserved]] = {}
        for look in batch:
            product = known[UUID(look.event.product_id)]
            reading = _reading(look)
            seen = product.product.looked_at(reading) if reading else product.product
            if seen is not product.product:
                product.product = seen
                newest[product.id] = look
        await products.write(tx, [known[id_] for id_ in newest])
        voice = Voice(tx, await listings.lock_of_products(tx, newest))
        for listing in voice.known.values():
            id_ = UUID(listing.listing.product_id)
            weighed = weigh(
                listing.listing,
                known[id_].product,
                listing.standing,
                listing.fee_schedule,
                self._lease_s,
                tx.at,
            )
            cause = newest[id_].envelope
            voice.apply(listing, settle(weighed, listing.standing, tx.at), cause)
        await voice.keep()


def _reading(look: Heard[OfferObserved]) -> Reading | None:
    """What a look says, as far as it can be read at all."""
    try:
        cost = _money(look.event.price)
    except NotMoney:
        return None
    return Reading(look.stored_at, cost, look.event.availability)


def _money(price: wire.Money | None) -> Money | None:
    return from_wire(price) if price is not None else None
