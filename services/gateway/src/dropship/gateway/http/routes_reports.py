"""The numbers: what was sold, what it cost, what was earned."""

from dropship.contracts.reports import (
    BestProducts,
    Dashboard,
    DashboardReport,
    SalesTrend,
    TopProducts,
    Trend,
)
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import asks
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes_shop import BestOf, Period, TrendOf

_NOT_FOUND = frozenset({"not_found"})
"""The query may name a store that is not yours, which to analytics is one that has sold nothing."""

ROUTES = (
    Endpoint(
        "GET",
        "/v1/analytics/dashboard",
        "showDashboard",
        "Everything at a glance",
        asks(Dashboard, naming=("store_id",)),
        scope=Scope.read,
        answer=DashboardReport,
        query=Period,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/v1/analytics/trends",
        "showTrends",
        "Day by day, the oldest first",
        asks(SalesTrend, naming=("store_id",)),
        scope=Scope.read,
        answer=Trend,
        query=TrendOf,
        problems=_NOT_FOUND,
    ),
    Endpoint(
        "GET",
        "/v1/analytics/products",
        "listBestProducts",
        "The products that earned most",
        asks(BestProducts),
        scope=Scope.read,
        answer=TopProducts,
        query=BestOf,
    ),
)
