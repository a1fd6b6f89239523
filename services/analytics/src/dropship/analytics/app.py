"""Analytics, wired: it hears and answers. It says nothing, so nobody depends on it."""

from dropship.analytics.handlers.counting import count
from dropship.analytics.queries.best_products import best_products
from dropship.analytics.queries.dashboard import dashboard
from dropship.analytics.queries.trends import sales_trend
from dropship.analytics.settings import AnalyticsSettings
from dropship.contracts.reports import BestProducts, Dashboard, SalesTrend
from dropship.runtime.service import Service


def build(settings: AnalyticsSettings) -> Service:
    """Every plug of this service on one page."""
    service = Service("analytics", settings)

    service.hears_many(count)

    service.answers(Dashboard, dashboard)
    service.answers(SalesTrend, sales_trend)
    service.answers(BestProducts, best_products)
    return service
