"""The scraper, wired: who is plugged in, what it hears, does, obeys and answers."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import SystemRandom

from dropship.contracts.offers import ScrapeProduct
from dropship.contracts.suppliers import ConnectFeed, TenantFeeds
from dropship.runtime import plugins
from dropship.runtime.sealing import Sealer
from dropship.runtime.service import Service
from dropship.runtime.telemetry import get_logger
from dropship.scraper.adapters.port import GROUP, Supplier, Tools, Transport
from dropship.scraper.adapters.robots import Polite, Robots
from dropship.scraper.adapters.transport import BrowserTransport, PlainTransport
from dropship.scraper.handlers.connect_feed import Feeds
from dropship.scraper.handlers.find_look import Finder
from dropship.scraper.handlers.register_suppliers import register_suppliers
from dropship.scraper.handlers.scrape_product import Looking
from dropship.scraper.handlers.tidy import tidy
from dropship.scraper.projections.cancelled_jobs import remember_cancelled
from dropship.scraper.queries.tenant_feeds import tenant_feeds
from dropship.scraper.settings import ScraperSettings

PARSER_THREADS = 2
_log = get_logger()


def plugged_in(
    settings: ScraperSettings, browser: Transport, plain: Transport
) -> dict[str, Supplier]:
    """Every supplier that an installed distribution offers and that starts; the rest is named."""
    suppliers: dict[str, Supplier] = {}
    for name, plugin in plugins.load(GROUP).found.items():
        tools = Tools(
            browser=browser,
            plain=plain,
            base_url=settings.base_url(name),
            looks_per_minute=settings.looks_per_minute(name),
        )
        try:
            suppliers[name] = plugin.loaded(tools)
        except Exception as error:
            _log.error("plugin_refused", plugin=name, reason=type(error).__name__)
    return suppliers


def build(settings: ScraperSettings) -> Service:
    """Every plug of this service on one page."""
    service = Service("scraper", settings)
    database, clock = service.database, service.clock
    sealer = Sealer.of(settings.seal_key, settings.older_seal_keys)
    plain, browser = PlainTransport(service.egress), BrowserTransport(service.egress)
    polite = Polite(browser, Robots(plain, clock)) if settings.respect_robots else browser
    suppliers = plugged_in(settings, polite, plain)
    looking = Looking(
        database,
        clock,
        suppliers,
        Finder(database, sealer, settings.default_url).find_look,
        ThreadPoolExecutor(PARSER_THREADS, "parser"),
        SystemRandom().random,
        settings.rest_s,
    )

    service.hears(remember_cancelled)
    for name in suppliers:
        service.does(
            ScrapeProduct,
            looking.scrape_product,
            plugin=name,
            width=settings.looks_at_once,
            give_up=looking.give_up,
        )
    service.obeys(ConnectFeed, Feeds(sealer, settings.development).connect_feed)
    service.answers(TenantFeeds, tenant_feeds)
    service.rounds(
        "register_suppliers",
        partial(register_suppliers, suppliers=list(suppliers.values())),
        every_s=600,
    )
    service.rounds("tidy", tidy, every_s=3600)
    return service
