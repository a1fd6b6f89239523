"""What was asked, what is to be answered, and how the answer is to go wrong on its way."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; a repeated header keeps its last value."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    keep_alive: bool = True

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, the last value of each."""
        return {k: v[-1] for k, v in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer travels. The default is whole, at once, with its length declared.

    `silent_s`: nothing is sent for so long; with `then_nothing` the connection is closed after it.
    `spread_s`: the body drips over so long. `cut_at`: only this share of the body is sent, then
    the connection ends, by a reset if `reset`. `declares_length`: whether the length is told.
    `repeats`: the body is sent so many times (a huge answer out of a small one).
    """

    silent_s: float = 0.0
    then_nothing: bool = False
    spread_s: float = 0.0
    cut_at: float | None = None
    reset: bool = False
    declares_length: bool = True
    repeats: int = 1


PLAIN = Delivery()
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "text/html;charset=UTF-8"
    headers: Headers = ()
    delivery: Delivery = field(default=PLAIN)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an answer: bytes of body written, and whether the client stayed to the end."""

    body_bytes: int
    reached: bool
    reusable: bool


def json_reply(content: Any, status: int = HTTPStatus.OK) -> Reply:
    return Reply(status, msgspec.json.encode(content), "application/json")


def refusal(status: int, error: str, field: str | None = None) -> Reply:
    """A clear no: what is wrong, and in which field."""
    return json_reply({"error": error, "field": field}, status)
