"""What the tracker and policy say of products and their listings, in the order of each product.

One handler for all of it: rows are locked once for a whole batch, products before listings, each by
ascending id, so two loops that meet never wait for one another in a circle.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from dropship.contracts import money as wire
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.products import (
    PriceChanged,
    ProductDescribed,
    ProductUnwatched,
    ProductVanished,
    ProductWatched,
    StockChanged,
)
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.runtime.errors import Retry, Unreadable
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.bringing import settle
from dropship.syncer.domain.facts import Product, Taxes
from dropship.syncer.domain.listing import Decided, Listing, decide, in_order
from dropship.syncer.domain.weighing import weigh
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import listings, products, tenants
from dropship.syncer.projections.listings import Known

Told = (
    ProductDescribed
    | PriceChanged
    | StockChanged
    | ProductVanished
    | ProductWatched
    | ProductUnwatched
    | DecisionMade
)


class Products:
    """Hears of products, up to 500 events at once."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s

    async def hear(self, batch: Sequence[Heard[Told]], tx: Transaction) -> None:
        """Take in a batch. Raises Retry for a decision about a listing that we never asked for."""
        known = await products.want(tx, {UUID(heard.event.product_id) for heard in batch})
        decided = {UUID(h.event.listing_id) for h in batch if isinstance(h.event, DecisionMade)}
        voice = Voice(tx, await listings.lock_of_products(tx, known, decided))
        offers: dict[UUID, list[Known]] = {id_: [] for id_ in known}
        for listing in voice.known.values():
            offers[UUID(listing.listing.product_id)].append(listing)
        told: dict[UUID, products.Known] = {}
        watched: dict[tenants.Watch, bool] = {}
        for heard in batch:
            product = known[UUID(heard.event.product_id)]
            if isinstance(heard.event, DecisionMade):
                self._decide(voice, heard, product.product)
            elif isinstance(heard.event, ProductWatched | ProductUnwatched):
                watch = heard.event.tenant_id, product.id
                watched[watch] = isinstance(heard.event, ProductWatched)
            else:
                _learn(product, heard.event)
                told[product.id] = product
                self._pass_on(voice, heard, product, offers[product.id])
        await products.write(tx, list(told.values()))
        await tenants.watch(tx, [watch for watch, stands in watched.items() if stands])
        await tenants.unwatch(tx, [watch for watch, stands in watched.items() if not stands])
        await voice.keep()

    def _decide(self, voice: Voice, heard: Heard[Told], product: Product) -> None:
        decision = heard.event
        assert isinstance(decision, DecisionMade)
        known = voice.known.get(UUID(decision.listing_id))
        if known is None:
            raise Retry(1.0, "unknown_listing")
        if known.listing.over:
            return
        listing = decide(known.listing, _decided(decision))
        self._settle(voice, known, listing, product, heard)

    def _pass_on(
        self,
        voice: Voice,
        heard: Heard[Told],
        product: products.Known,
        offers: Sequence[Known],
    ) -> None:
        """The facts of a product moved: what does that mean to each listing of it?"""
        for known in offers:
            if not known.listing.over:
                self._settle(voice, known, known.listing, product.product, heard)

    def _settle(
        self, voice: Voice, known: Known, listing: Listing, product: Product, heard: Heard[Told]
    ) -> None:
        at = voice.tx.at
        weighed = weigh(listing, product, known.standing, known.fee_schedule, self._lease_s, at)
        voice.apply(known, settle(weighed, known.standing, at), heard.envelope)


def _learn(known: products.Known, event: Told) -> None:
    """What the tracker says of a product takes the place of what it said before."""
    match event:
        case ProductDescribed():
            known.title, known.images = event.title, event.images
        case PriceChanged():
            known.product = replace(known.product, cost=_money(event.new), vanished=False)
        case StockChanged():
            known.product = replace(known.product, availability=event.new, vanished=False)
        case ProductVanished():
            known.product = replace(known.product, vanished=True)


def _decided(decision: DecisionMade) -> Decided:
    return Decided(
        number=decision.decision_no,
        price=_money(decision.price),
        floor=_money(decision.floor),
        quantity=decision.quantity,
        holds=in_order(decision.holds),
        cost=_money(decision.cost),
        availability=decision.availability,
        at=decision.decided_at,
        taxes=_taxes(decision),
    )


def _taxes(decision: DecisionMade) -> Taxes | None:
    if decision.buyer_tax is None and decision.vat is None:
        return None
    policy = decision.policy_id, decision.policy_version
    return Taxes(decision.buyer_tax or "0", decision.vat or "0", policy)


def _money(amount: wire.Money | None) -> Money | None:
    try:
        return from_wire(amount) if amount is not None else None
    except NotMoney as error:
        raise Unreadable(str(error)) from error
