"""The OpenAPI document tells the truth."""

from typing import Any

import jsonschema
import msgspec
import pytest
from litestar.routes import HTTPRoute

from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.problems import KINDS
from dropship.gateway.http.site import DOCUMENT, ENDPOINTS, site

document: dict[str, Any] = msgspec.json.decode(DOCUMENT)
every_route = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.operation_id)


def described(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"][endpoint.path][endpoint.method.lower()]
    return operation


async def test_the_document_is_served_to_everybody(gateway: Any) -> None:
    answer = await gateway.http.get("/v1/openapi.json")
    assert (answer.status_code, answer.content) == (200, DOCUMENT)
    assert document["openapi"] == "3.1.0"


def test_every_route_of_the_application_is_described(gateway: Any) -> None:
    litestar = site(gateway.desk)._app  # type: ignore[attr-defined]
    served = {
        (method, route.path.replace(":str", ""))
        for route in litestar.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    } - {("GET", "/docs"), ("GET", "/")}
    assert served == {(e.method, e.path) for e in ENDPOINTS}


async def test_people_get_a_page_that_calls_nobody(gateway: Any) -> None:
    answer = await gateway.http.get("/", follow_redirects=True)
    assert answer.url.path == "/docs"
    assert answer.headers["content-type"].startswith("text/html")
    assert all(endpoint.path in answer.text for endpoint in ENDPOINTS)
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "default-src 'none'; style-src 'sha256-" in answer.headers["content-security-policy"]


@every_route
def test_every_route_has_a_name_and_tells_its_problems(endpoint: Endpoint) -> None:
    operation = described(endpoint)
    assert operation["operationId"].isalnum()
    responses = operation["responses"]
    expected = {"400", "413", "422", "500", "503"}
    counted = endpoint.proof != "none" or endpoint.limited
    assert ("429" in responses) is counted
    expected |= {"401"} if endpoint.proof == "bearer" else set()
    expected |= {"403"} if endpoint.proof != "none" or endpoint.quota else set()
    expected |= {"404"} if "{" in endpoint.path else set()
    expected |= {"415"} if "requestBody" in operation else set()
    assert expected <= set(responses)
    for status in set(responses) - {str(endpoint.status)}:
        content = responses[status]["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


@every_route
def test_every_route_tells_whom_it_lets_in(endpoint: Endpoint) -> None:
    needed = {"bearer": [endpoint.scope]}
    assert described(endpoint)["security"] == {
        "bearer": [needed],
        "optional": [needed, {}],
        "none": [],
    }.get(endpoint.proof)


def test_operation_names_are_unique() -> None:
    names = [endpoint.operation_id for endpoint in ENDPOINTS]
    assert len(names) == len(set(names))


def test_components_have_clean_names_and_nothing_points_nowhere() -> None:
    names = set(document["components"]["schemas"])
    assert all(name.isidentifier() for name in names)
    text = DOCUMENT.decode()
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used <= names
    assert {"Product", "ProductPage", "PricePage", "StockPage", "Job", "Feed", "Problem"} <= names


def test_every_schema_is_one() -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_kinds_of_problems_are_documented_with_their_status() -> None:
    assert {status for status, _ in KINDS.values()} <= {
        400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503
    }  # fmt: skip
