"""The OpenAPI document as a page for people: no script, nothing from anybody else's server."""

import base64
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from litestar import MediaType, Response, get
from litestar.response import Redirect

from dropship.gateway.domain.access import Scope
from dropship.gateway.http.endpoint import SCOPE

_OPEN = {SCOPE: Scope.public}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
summary { cursor: pointer; padding: .3rem 0 } code { font-size: .95em }
summary code { display: inline-block; min-width: 22rem } b { display: inline-block; width: 4.5rem }
table { border-collapse: collapse; margin: .5rem 0 1rem 1.5rem } td { padding: .1rem 1rem .1rem 0 }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e6e6e6 } }
"""
_STYLE_SHA256 = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; frame-ancestors 'none'"


def routes(document: Mapping[str, Any]) -> list[Any]:
    """``/docs``, and ``/`` which leads there."""
    page = written(document)

    @get("/docs", include_in_schema=False, media_type=MediaType.HTML, opt=_OPEN)
    async def docs() -> Response[str]:
        return Response(
            page, media_type=MediaType.HTML, headers={"content-security-policy": _POLICY}
        )

    @get("/", include_in_schema=False, status_code=307, opt=_OPEN)
    async def start() -> Redirect:
        return Redirect("/docs", status_code=307)

    return [docs, start]


def written(document: Mapping[str, Any]) -> str:
    """The page as HTML."""
    operations = "\n".join(
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Dropship Central</title>'
        '<meta name="viewport" content="width=device-width"><style>'
        f"{_STYLE}</style><h1>{escape(document['info']['title'])}</h1>"
        f"<p>{escape(document['info']['description'])}</p>"
        '<p>For programs: <a href="/v1/openapi.json">/v1/openapi.json</a></p>'
        f"{operations}</html>"
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{escape(what)}</tr>"
        for name, what in _lines(operation)
    )
    return (
        f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code> "
        f"{escape(operation['summary'])}</summary><table>{rows}</table></details>"
    )


def _lines(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        what = parameter.get("description") or schema.get("description", "")
        yield parameter["name"], f"{parameter['in']}: {what}".rstrip(": ")
    if "requestBody" in operation:
        yield "body", _named(operation["requestBody"])
    if scopes := [scope for needed in operation["security"] for scope in needed.get("bearer", ())]:
        yield "Authorization", f"Bearer, with the scope {scopes[0]}"
    for status, response in operation["responses"].items():
        yield status, " · ".join(filter(None, (response["description"], _named(response))))


def _named(part: Mapping[str, Any]) -> str:
    names = [
        content["schema"].get("$ref", "").rpartition("/")[2]
        for content in part.get("content", {}).values()
    ]
    return ", ".join(filter(None, names))
