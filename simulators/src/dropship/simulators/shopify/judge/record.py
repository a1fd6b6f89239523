"""Writes every exchange down as one line of JSON, so that others can judge them."""

import json
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dropship.simulators.wire.messages import Reply, Request

MASK = "masked"
_SECRET_HEADERS = frozenset({"x-shopify-access-token", "authorization", "cookie"})
_SECRET_MEMBERS = frozenset({"client_secret", "access_token", "refresh_token"})


class Exchange:
    """One request waiting for its answer. Closed without a reply it counts as unanswered."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        self.closed = False

    def close(self, reply: Reply | None, secrets: list[str]) -> None:
        self.closed = True
        self.line["request_body"] = _masked(self.line["request_body"], secrets)
        if reply is None:
            return
        headers = {"content-type": reply.content_type, **dict(reply.headers)}
        body = _masked(reply.body.decode("utf-8", "replace"), secrets)
        self.line |= {"status": reply.status, "response_headers": headers, "response_body": body}


class Recorder:
    """Lines stand in the order in which the requests came: none before all before it are out."""

    def __init__(self, file: Path) -> None:
        self._out = file.open("w", encoding="utf-8")
        self._waiting: deque[Exchange] = deque()

    def open(self, request: Request, shop: str, target: str) -> Exchange:
        body = request.body.decode("utf-8", "replace") if request.body else None
        exchange = Exchange(
            {
                "marketplace": "shopify",
                "method": request.method,
                "url": f"https://{shop}.myshopify.com{target}",
                "request_headers": _headers(request.headers),
                "request_body": body,
                "status": None,
                "response_headers": {},
                "response_body": None,
                "at": datetime.now(UTC).isoformat(),
                "token": shop,
            }
        )
        self._waiting.append(exchange)
        return exchange

    def flush(self) -> None:
        """Write what can be written. Call it whenever an exchange was closed."""
        while self._waiting and self._waiting[0].closed:
            self._out.write(json.dumps(self._waiting.popleft().line, ensure_ascii=False) + "\n")
            self._out.flush()

    def close(self) -> None:
        self.flush()
        self._out.close()


def _headers(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: (_scheme(value) + MASK if name in _SECRET_HEADERS else value)
        for name, value in headers.items()
    }


def _scheme(value: str) -> str:
    word, space, _ = value.partition(" ")
    return f"{word} " if space and word in {"Bearer", "Basic"} else ""


def _masked(body: str | None, secrets: list[str]) -> str | None:
    """The same body, with the values of secret members and every known secret blacked out."""
    if body is None:
        return None
    try:
        content = json.loads(body)
    except ValueError:
        pairs = parse_qsl(body) if "client_secret=" in body else []
        if pairs:
            body = urlencode([(k, MASK if k in _SECRET_MEMBERS else v) for k, v in pairs])
    else:
        if isinstance(content, dict) and _SECRET_MEMBERS & content.keys():
            body = json.dumps({k: MASK if k in _SECRET_MEMBERS else v for k, v in content.items()})
    for secret in secrets:
        body = body.replace(secret, MASK)
    return body
