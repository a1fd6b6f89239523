"""Your stores on marketplaces, and the orders that came in there."""

from dropship.contracts.orders import OrderPage, TenantOrders
from dropship.contracts.stores import (
    AmendStore,
    ConnectStore,
    DisconnectStore,
    Store,
    StoreDetails,
    StorePage,
    TenantStores,
)
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import asks
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes import Page
from dropship.gateway.http.shapes_shop import OrdersOf, StoreChange

ROUTES = (
    Endpoint(
        "POST",
        "/v1/stores",
        "connectStore",
        "Connect a store, or connect it again: a new one begins as a dry run, one with listings on "
        "the marketplace keeps its mode; its credentials are never shown again",
        asks(ConnectStore, shown_at="/v1/stores"),
        scope=Scope.write,
        status=202,
        answer=Store,
        body=ConnectStore,
        keyed=True,
        quota="stores",
        located=True,
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "GET",
        "/v1/stores",
        "listStores",
        "Your stores, newest first",
        asks(TenantStores),
        scope=Scope.read,
        answer=StorePage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/stores/{store_id}",
        "showStore",
        "A store and whether it is in order",
        asks(StoreDetails),
        scope=Scope.read,
        answer=Store,
    ),
    Endpoint(
        "PATCH",
        "/v1/stores/{store_id}",
        "amendStore",
        "Switch a store between dry run and live, or lift its suspension",
        asks(AmendStore),
        scope=Scope.write,
        answer=Store,
        body=StoreChange,
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "DELETE",
        "/v1/stores/{store_id}",
        "disconnectStore",
        "Destroy a store's credentials; what is listed there stays as it is",
        asks(DisconnectStore),
        scope=Scope.write,
        answer=Store,
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "GET",
        "/v1/orders",
        "listOrders",
        "Your orders, newest first",
        asks(TenantOrders),
        scope=Scope.read,
        answer=OrderPage,
        query=OrdersOf,
        problems=frozenset({"not_found"}),
    ),
)
