"""All routes together: the application that the server serves."""

from importlib.metadata import version

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from dropship.gateway.domain.access import Scope
from dropship.gateway.http import (
    reference_page,
    routes_alerts,
    routes_auth,
    routes_jobs,
    routes_keys,
    routes_listings,
    routes_policies,
    routes_products,
    routes_reports,
    routes_stores,
)
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.edge import Edge
from dropship.gateway.http.endpoint import SCOPE, Answer, Call, Endpoint, bound
from dropship.gateway.http.openapi import OpenApi, document, encoded
from dropship.gateway.http.problems import answer_problem
from dropship.gateway.http.shapes import NoBody, NoQuery

VERSION = version("dropship-gateway")


class Unguarded(Exception):
    """A route does not say who may use it: the gateway does not start."""


async def _openapi(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    return Answer(DOCUMENT)


ENDPOINTS: tuple[Endpoint, ...] = (
    *routes_auth.ROUTES,
    *routes_jobs.ROUTES,
    *routes_products.ROUTES,
    *routes_stores.ROUTES,
    *routes_listings.ROUTES,
    *routes_policies.ROUTES,
    *routes_alerts.ROUTES,
    *routes_reports.ROUTES,
    *routes_keys.ROUTES,
    Endpoint(
        "GET",
        "/v1/openapi.json",
        "describeApi",
        "This document",
        _openapi,
        answer=OpenApi,
        scope=Scope.public,
    ),
)
DOCUMENT = encoded(ENDPOINTS, VERSION)


def site(desk: Desk) -> ASGIApp:
    """The whole HTTP application over one desk."""
    litestar = Litestar(
        [
            *(bound(endpoint, desk) for endpoint in ENDPOINTS),
            *reference_page.routes(document(ENDPOINTS, VERSION)),
        ],
        exception_handlers={Exception: answer_problem},
        request_max_body_size=desk.max_body_bytes,
        openapi_config=None,
        logging_config=None,
    )
    check_guarded(litestar)
    return Edge(litestar, desk.clock)


def check_guarded(litestar: Litestar) -> None:
    """Deny by default: raises Unguarded when a handler, made in whatever way, has no scope."""
    for route in litestar.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            generated = handler.http_methods == {"OPTIONS"}
            if not generated and not isinstance(handler.opt.get(SCOPE), Scope):
                raise Unguarded(f"{route.path} has no scope")
