"""All routes together: the application that the server serves."""

from importlib.metadata import version

from litestar import Litestar
from litestar.types import ASGIApp

from dropship.gateway.http import reference_page, routes_auth, routes_jobs, routes_owned
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.edge import Edge
from dropship.gateway.http.endpoint import Answer, Call, Endpoint, bound
from dropship.gateway.http.openapi import OpenApi, document, encoded
from dropship.gateway.http.problems import answer_problem
from dropship.gateway.http.shapes import NoBody, NoQuery

VERSION = version("dropship-gateway")


async def _openapi(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    return Answer(DOCUMENT)


ENDPOINTS: tuple[Endpoint, ...] = (
    *routes_auth.ROUTES,
    *routes_jobs.ROUTES,
    *routes_owned.ROUTES,
    Endpoint(
        "GET",
        "/v1/openapi.json",
        "describeApi",
        "This document",
        _openapi,
        answer=OpenApi,
        proof="none",
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
    return Edge(litestar, desk.clock)
