"""Products you watch, their histories, and feeds of your own."""

from dropship.contracts.products import (
    AmendWatch,
    PriceHistory,
    PricePage,
    Product,
    ProductDetails,
    ProductPage,
    StockHistory,
    StockPage,
    StopWatching,
    WatchedProducts,
)
from dropship.contracts.suppliers import ConnectFeed, Feed, FeedPage, TenantFeeds
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import asks
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes import FeedAddress, Notes, Page

ROUTES = (
    Endpoint(
        "GET",
        "/v1/products",
        "listProducts",
        "The products you watch, newest first",
        asks(WatchedProducts),
        scope=Scope.read,
        answer=ProductPage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}",
        "showProduct",
        "A product you watch",
        asks(ProductDetails),
        scope=Scope.read,
        answer=Product,
    ),
    Endpoint(
        "PATCH",
        "/v1/products/{product_id}",
        "amendProduct",
        "Change your own notes on a product",
        asks(AmendWatch),
        scope=Scope.write,
        answer=Product,
        body=Notes,
    ),
    Endpoint(
        "DELETE",
        "/v1/products/{product_id}",
        "stopWatchingProduct",
        "Stop watching a product; others may go on",
        asks(StopWatching),
        scope=Scope.write,
        status=204,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}/prices",
        "listPrices",
        "How the price moved, newest first",
        asks(PriceHistory),
        scope=Scope.read,
        answer=PricePage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}/stock",
        "listStock",
        "How the stock moved, newest first",
        asks(StockHistory),
        scope=Scope.read,
        answer=StockPage,
        query=Page,
    ),
    Endpoint(
        "POST",
        "/v1/feeds",
        "connectFeed",
        "Connect a feed of your own, or replace the one of that name",
        asks(ConnectFeed),
        scope=Scope.write,
        status=201,
        answer=Feed,
        body=FeedAddress,
        keyed=True,
        problems=frozenset({"quota"}),
    ),
    Endpoint(
        "GET",
        "/v1/feeds",
        "listFeeds",
        "Your own feeds",
        asks(TenantFeeds),
        scope=Scope.read,
        answer=FeedPage,
    ),
)
