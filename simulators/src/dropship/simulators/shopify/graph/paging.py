"""Connections: forward, by a cursor that names the last thing seen and how it was sorted."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dropship.simulators.shopify.graph.errors import GraphError, NotSimulated

MAX_PAGE = 250
Key = tuple[str, int]
"""What things are sorted by: the sort value as text, then the number."""


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Any]
    keys: list[Key]
    has_next: bool
    has_previous: bool


def page_size(args: dict[str, Any]) -> int:
    """`first`, checked as Shopify does."""
    if args.get("last") is not None or args.get("before") is not None:
        raise NotSimulated("paging backward (last, before)")
    first = args.get("first")
    if not isinstance(first, int):
        raise GraphError("you must provide one of first or last", "BAD_REQUEST")
    if not 0 <= first <= MAX_PAGE:
        raise GraphError(f"first cannot exceed {MAX_PAGE}", "BAD_REQUEST")
    return first


def page_of(
    things: Iterable[Any], args: dict[str, Any], key_of: Callable[[Any], Key] | None = None
) -> Page:
    """One page. Without `key_of` the things are taken in the order in which they come."""
    first = page_size(args)
    pairs = [(key_of(t) if key_of else ("", n), t) for n, t in enumerate(things)]
    backward = bool(args.get("reverse"))
    if key_of is not None:
        pairs.sort(key=lambda pair: pair[0], reverse=backward)
    elif backward:
        pairs.reverse()
    after = args.get("after")
    if after is not None:
        seen = _key_in(after)
        left = [p for p in pairs if (p[0] < seen if backward else p[0] > seen)]
    else:
        left = pairs
    shown = left[:first]
    return Page(
        [thing for _, thing in shown],
        [key for key, _ in shown],
        has_next=len(left) > first,
        has_previous=len(left) < len(pairs),
    )


def cursor_of(key: Key) -> str:
    written = json.dumps({"last_id": key[1], "last_value": key[0]}, separators=(",", ":"))
    return base64.b64encode(written.encode()).decode()


def _key_in(cursor: Any) -> Key:
    try:
        seen = json.loads(base64.b64decode(str(cursor), validate=True))
        return str(seen["last_value"]), int(seen["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise GraphError(f"Invalid cursor: {cursor}", "BAD_REQUEST") from None
