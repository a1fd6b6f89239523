"""Which fields of which types are simulated, and how each is read off its source."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dropship.simulators.shopify.graph.paging import Page, cursor_of
from dropship.simulators.shopify.graph.sight import Sight

Args = dict[str, Any]
Resolve = Callable[[Any, Args, Sight], Any]


class Field(NamedTuple):
    """`type` is the simulated type of what comes out (of each item, for a list); "" for a leaf."""

    resolve: Resolve
    type: str = ""


Table = dict[str, Field]


def leaf(read: Callable[[Any], Any]) -> Field:
    """A scalar that needs the source alone."""
    return Field(lambda source, _args, _sight: read(source))


def always(value: Any) -> Field:
    """A scalar that is the same for all."""
    return Field(lambda _source, _args, _sight: value)


def key(name: str, type_: str = "") -> Field:
    """A member of a payload, which is a plain dict."""
    return Field(lambda source, _args, _sight: source.get(name), type_)


def connection_tables(node_type: str) -> dict[str, Table]:
    """The three types of a connection; its source is a `Page`."""
    return {
        f"{node_type}Connection": {
            "nodes": Field(lambda page, _a, _s: page.items, node_type),
            "edges": Field(lambda page, _a, _s: _edges(page), f"{node_type}Edge"),
            "pageInfo": Field(lambda page, _a, _s: page, "PageInfo"),
        },
        f"{node_type}Edge": {
            "cursor": leaf(lambda edge: edge[0]),
            "node": Field(lambda edge, _a, _s: edge[1], node_type),
        },
    }


PAGE_INFO: Table = {
    "hasNextPage": leaf(lambda page: page.has_next),
    "hasPreviousPage": leaf(lambda page: page.has_previous),
    "startCursor": leaf(lambda page: cursor_of(page.keys[0]) if page.keys else None),
    "endCursor": leaf(lambda page: cursor_of(page.keys[-1]) if page.keys else None),
}


def _edges(page: Page) -> list[tuple[str, Any]]:
    return [(cursor_of(key), item) for key, item in zip(page.keys, page.items, strict=True)]
