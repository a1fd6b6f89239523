"""The syncer, wired: which marketplaces are plugged in, what it hears, does, obeys and answers."""

from collections.abc import Mapping
from contextlib import aclosing

from dropship.contracts.listings import (
    AmendListing,
    BringListing,
    CheckListing,
    EndListing,
    ListingDetails,
    PauseListing,
    RequestListing,
    ResumeListing,
    TenantListings,
)
from dropship.contracts.orders import TenantOrders
from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    OpenStore,
    PollOrders,
    StoreDetails,
    TenantStores,
)
from dropship.runtime.sealing import Sealer
from dropship.runtime.service import Service
from dropship.syncer.adapters.plugged import plugged_in
from dropship.syncer.adapters.port import Marketplace
from dropship.syncer.handlers import amending_listings, minding_listings, releasing_work
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.bring_listing import BringEffect
from dropship.syncer.handlers.check_listing import Checking
from dropship.syncer.handlers.hearing_looks import Looks
from dropship.syncer.handlers.hearing_products import Products
from dropship.syncer.handlers.hearing_tenants import hear_tenant
from dropship.syncer.handlers.keeping_stores import Stores, amend_store, disconnect_store
from dropship.syncer.handlers.opening_stores import Opening
from dropship.syncer.handlers.polling_orders import Polling
from dropship.syncer.handlers.releasing_work import Releasing
from dropship.syncer.handlers.requesting_listings import Requesting
from dropship.syncer.queries.listings import listing_details, tenant_listings
from dropship.syncer.queries.orders import tenant_orders
from dropship.syncer.queries.stores import store_details, tenant_stores
from dropship.syncer.settings import SyncerSettings


def build(settings: SyncerSettings) -> Service:
    """Every plug of this service on one page."""
    service = Service("syncer", settings)
    return wire(service, settings, plugged_in(service.egress, settings.base_url))


def wire(
    service: Service, settings: SyncerSettings, marketplaces: Mapping[str, Marketplace]
) -> Service:
    """The service with these marketplaces."""
    sealer = Sealer.of(settings.seal_key, settings.older_seal_keys)
    keyring = Keyring(service.database, service.clock, sealer, marketplaces)
    releasing = Releasing(settings.poll_orders_every_s, settings.check_listings_every_s)

    service.hears_many(Products(settings.freshness_lease_s).hear)
    service.hears_many(Looks(settings.freshness_lease_s).hear)
    service.hears(hear_tenant)

    for market in marketplaces.values():
        _do(service, settings, keyring, market)

    service.obeys(ConnectStore, Stores(sealer, marketplaces).connect_store)
    service.obeys(AmendStore, amend_store)
    service.obeys(DisconnectStore, disconnect_store)
    service.obeys(RequestListing, Requesting(settings.check_listings_every_s).request_listing)
    service.obeys(AmendListing, amending_listings.amend_listing)
    service.obeys(PauseListing, amending_listings.pause_listing)
    service.obeys(ResumeListing, amending_listings.resume_listing)
    service.obeys(EndListing, amending_listings.end_listing)

    service.answers(StoreDetails, store_details)
    service.answers(TenantStores, tenant_stores)
    service.answers(ListingDetails, listing_details)
    service.answers(TenantListings, tenant_listings)
    service.answers(TenantOrders, tenant_orders)

    service.rounds("expire_leases", minding_listings.expire_leases, every_s=1)
    service.rounds("order_due_brings", minding_listings.order_due_brings, every_s=0.5)
    service.rounds("recover_brings", minding_listings.recover_brings, every_s=30)
    service.rounds("release_polls", releasing.release_polls, every_s=1)
    service.rounds("release_checks", releasing.release_checks, every_s=1)
    service.rounds("reopen_stores", releasing_work.reopen_stores, every_s=5)
    service.rounds("tidy", releasing_work.tidy, every_s=3600)
    return service


def _do(service: Service, settings: SyncerSettings, keyring: Keyring, market: Marketplace) -> None:
    """What the workers of one marketplace do; all of it shares its queues."""
    database, plugin, width = service.database, market.name, settings.calls_at_once
    opening = Opening(database, keyring)
    bringing = BringEffect(database, keyring, market.capabilities)
    polling = Polling(database, keyring)
    checking = Checking(database, keyring, market.capabilities.read_lag_s)
    service.effects(BringListing, bringing, plugin=plugin, width=width, give_up=bringing.give_up)
    service.does(CheckListing, checking.check_listing, plugin=plugin, width=width)
    service.does(OpenStore, opening.open_store, plugin=plugin, width=width, give_up=opening.give_up)
    service.does(PollOrders, polling.poll_orders, plugin=plugin, width=width)
    service.lives_with(lambda: aclosing(market))
