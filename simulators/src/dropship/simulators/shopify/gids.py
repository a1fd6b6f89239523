"""Shopify's global ids: `gid://shopify/<Kind>/<number>`."""

import re
from typing import Any

from dropship.simulators.shopify.graph.errors import GraphError

_GID = re.compile(r"gid://shopify/(?P<kind>[A-Za-z]+)/(?P<number>\d{1,18})(?:\?.*)?")


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_in(id_: Any, kind: str) -> int:
    """The number in an id of this kind. Any other id is refused before anything is looked up."""
    match = _GID.fullmatch(id_) if isinstance(id_, str) else None
    if match is None or match["kind"] != kind:
        raise GraphError(f"Invalid global id '{id_}'", "INVALID_VARIABLE")
    return int(match["number"])
