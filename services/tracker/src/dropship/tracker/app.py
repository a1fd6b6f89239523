"""The tracker, wired: what it hears, obeys and answers, and what it does by itself."""

from dropship.contracts.products import (
    AmendWatch,
    PriceHistory,
    ProductDetails,
    StockHistory,
    StopWatching,
    WatchedProducts,
)
from dropship.runtime.service import Service
from dropship.tracker.handlers.hearing_imports import Imports
from dropship.tracker.handlers.hearing_looks import Looks
from dropship.tracker.handlers.hearing_suppliers import hear_supplier
from dropship.tracker.handlers.minding_imports import Minding
from dropship.tracker.handlers.releasing_checks import release_checks
from dropship.tracker.handlers.watching import amend_watch, stop_watching
from dropship.tracker.queries.histories import price_history, stock_history
from dropship.tracker.queries.products import product_details, watched_products
from dropship.tracker.settings import TrackerSettings


def build(settings: TrackerSettings) -> Service:
    """Every plug of this service on one page."""
    service = Service("tracker", settings)
    minding = Minding(settings.patience)

    service.hears_many(Imports(settings.patience, settings.check_every_s).hear)
    service.hears_many(Looks(settings.vanish_gap_s).hear)
    service.hears(hear_supplier)

    service.obeys(AmendWatch, amend_watch)
    service.obeys(StopWatching, stop_watching)

    service.answers(ProductDetails, product_details)
    service.answers(WatchedProducts, watched_products)
    service.answers(PriceHistory, price_history)
    service.answers(StockHistory, stock_history)

    service.rounds("release_checks", release_checks, every_s=1)
    service.rounds("take_turns", minding.take_turns, every_s=0.5)
    service.rounds("ask_again", minding.ask_again, every_s=5)
    service.rounds("expire_imports", minding.expire, every_s=5)
    return service
