"""The OpenAPI 3.1 document, made of the same declarations that read the requests."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from dropship.gateway.http.endpoint import ID_LENGTH_MAX, Endpoint
from dropship.gateway.http.problems import KINDS, MEDIA_TYPE, Problem
from dropship.gateway.http.shapes import NoBody, NoQuery

_REF = "#/components/schemas/{name}"
_EVERYWHERE = ("malformed", "too_large", "invalid", "internal", "unavailable")
_WITH_BODY = ("timeout", "unsupported_media_type")
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE = {"description": "How to prove who you are", "schema": {"type": "string"}}
_LIMIT_HEADERS = {
    "RateLimit": {"description": "What is left", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "What is granted", "schema": {"type": "string"}},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request is done once; kept for 48 hours.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
}
_DESCRIPTION = (
    "Callers show an access token (sign up or log in) or an API key as Authorization: Bearer; each "
    "operation names the scope it asks for. API keys have read, write or both; session and "
    "account take an access token. "
    "Every problem is application/problem+json (RFC 9457) and names the fields at fault. "
    "Lists answer items and next_cursor; a cursor is opaque. Unknown fields and query parameters "
    "are refused."
)


def document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The whole document as plain values."""
    shapes: list[Any] = [Problem]
    for endpoint in endpoints:
        shapes += [s for s in (endpoint.answer, endpoint.body, endpoint.query) if s]
    unique = list(dict.fromkeys(shapes))
    schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
    by_shape = dict(zip(unique, schemas, strict=True))
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, by_shape, components)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    hidden = {e.query.__name__ for e in endpoints} | {NoBody.__name__}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dropship Central",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {name: s for name, s in components.items() if name not in hidden},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "an access token, or an API key (dsc_live_…)",
                }
            },
        },
    }


def _operation(
    endpoint: Endpoint, by_shape: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "security": _security(endpoint),
        "responses": _responses(endpoint, by_shape),
    }
    parameters = list(_parameters(endpoint, components))
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not NoBody:
        operation["requestBody"] = {
            "required": endpoint.body_required,
            "content": {"application/json": {"schema": by_shape[endpoint.body]}},
        }
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    needed = {"bearer": [str(endpoint.scope)]}
    return {"bearer": [needed], "optional": [needed, {}], "none": []}[endpoint.proof]


def _parameters(endpoint: Endpoint, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    pattern = rf"^[A-Za-z0-9_-]{{1,{ID_LENGTH_MAX}}}$"
    for name in endpoint.parameters:
        schema = {"type": "string", "pattern": pattern}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if endpoint.query is not NoQuery:
        query = components[endpoint.query.__name__]
        for name, schema in query["properties"].items():
            required = name in query.get("required", ())
            yield {"name": name, "in": "query", "required": required, "schema": schema}
    if endpoint.keyed:
        yield _KEY


def problem_kinds(endpoint: Endpoint) -> set[str]:
    """Every kind of problem that this route may answer with."""
    kinds = {*_EVERYWHERE, *endpoint.problems}
    if endpoint.proof == "bearer":
        kinds.add("unauthenticated")
    if endpoint.proof != "none":
        kinds.add("forbidden")
    if endpoint.proof != "none" or endpoint.limited:
        kinds.add("limit")
    if endpoint.quota is not None:
        kinds.add("quota")
    if endpoint.parameters:
        kinds.add("not_found")
    if endpoint.body is not NoBody:
        kinds.update(_WITH_BODY)
    if endpoint.keyed:
        kinds.add("key_reused")
    return kinds


def _responses(endpoint: Endpoint, by_shape: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    headers = dict(_LIMIT_HEADERS) if endpoint.proof != "none" or endpoint.limited else {}
    if endpoint.located:
        headers["Location"] = {
            "description": "Where to look next",
            "schema": {"type": "string", "format": "uri-reference"},
        }
    if headers:
        success["headers"] = headers
    if endpoint.answer is not None:
        schema = by_shape[endpoint.answer]
        success["content"] = {"application/json": {"schema": schema}}
    responses = {str(endpoint.status): success}
    by_status: dict[int, list[str]] = {}
    for kind in KINDS:
        if kind in problem_kinds(endpoint):
            by_status.setdefault(KINDS[kind][0], []).append(KINDS[kind][1])
    for status, titles in sorted(by_status.items()):
        responses[str(status)] = _problem_response(status, titles)
    return responses


def _problem_response(status: int, titles: list[str]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": "; ".join(titles),
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name=Problem.__name__)}}},
    }
    if status in {429, 503}:
        response["headers"] = {"Retry-After": _RETRY_AFTER}
    if status == 401:
        response["headers"] = {"WWW-Authenticate": _CHALLENGE}
    return response


def encoded(endpoints: Sequence[Endpoint], version: str) -> bytes:
    """The document as it is served."""
    return msgspec.json.encode(document(endpoints, version))


class OpenApi(Struct, frozen=True, kw_only=True):
    """An OpenAPI document, which describes itself no further."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
