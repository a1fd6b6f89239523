"""A user wants a product for sale, or wants it otherwise: the listing is decided at once."""

from uuid import UUID

from dropship.contracts.alerts import AlertKind
from dropship.contracts.listings import ListingAmended, ListingRequested
from dropship.policy.handlers.evaluating import Trigger, evaluate_listing
from dropship.policy.handlers.raising_alerts import Ended, end
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections import alerts, listings, products, tenants
from dropship.policy.projections.causes import chain_of_wish
from dropship.runtime.errors import Retry
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def hear_wish(heard: Heard[ListingRequested | ListingAmended], tx: Transaction) -> None:
    """Remember what is wanted, and decide."""
    tenant, wish = tenant_of(heard), heard.event
    product = UUID(wish.product_id)
    await tenants.pass_gate(tx, tenant)
    await products.lock(tx, [product])
    if isinstance(wish, ListingRequested):
        await listings.request(tx, wish, tenant)
    elif not await listings.amend(tx, wish, tenant):
        raise Retry(0.2, "listing_unknown")
    trigger = Trigger(cause=tx.cause, chain=chain_of_wish(heard))
    await evaluate_listing(tx, product, str(UUID(wish.listing_id)), trigger)
    if isinstance(wish, ListingRequested):
        await _end_of_the_last(tx, tenant, wish)


async def _end_of_the_last(tx: Transaction, tenant: str, wish: ListingRequested) -> None:
    """The product is listed again: that somebody took it down before needs no attention."""
    over = await alerts.standing_of_product(
        tx, tenant, AlertKind.listing_ended, wish.store_id, wish.product_id
    )
    await end(tx, [Ended(alert, "it is listed again", tx.cause) for alert in over])
