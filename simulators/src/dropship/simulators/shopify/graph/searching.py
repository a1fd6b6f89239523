"""Shopify's search syntax, as far as it is simulated: `field:value` terms, and all must fit."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dropship.simulators.shopify.graph.errors import GraphError, NotSimulated

_TERM = re.compile(
    r"""\s*(?:(?P<and>AND)\s+)?(?P<not>-|NOT\s+)?
        (?:(?P<field>[A-Za-z_][\w.$-]*):)?
        (?P<op>>=|<=|>|<)?
        (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>[^\s'"()]+))\s*""",
    re.VERBOSE,
)
Read = Callable[[Any], Any]
Fields = dict[str, Read]
"""By search field: the value of a thing, or the set of its values. A datetime is compared."""


def fitting(things: list[Any], query: str | None, fields: Fields) -> list[Any]:
    """The things that fit every term. Shopify ignores fields it does not know; we refuse them."""
    if query is None or not query.strip():
        return things
    for is_not, field, op, text in _terms(query):
        if field not in fields:
            raise NotSimulated(f"the search field {field!r}")
        read = fields[field]
        things = [t for t in things if _fits(read(t), op, text) is not is_not]
    return things


def _terms(query: str) -> list[tuple[bool, str, str, str]]:
    terms, at = [], 0
    while at < len(query):
        match = _TERM.match(query, at)
        if match is None or match["plain"] == "OR":
            raise NotSimulated(f"the search {query!r}")
        text = next(t for t in (match["single"], match["double"], match["plain"]) if t is not None)
        terms.append((bool(match["not"]), match["field"] or "default", match["op"] or "", text))
        at = match.end()
    return terms


def _fits(value: Any, op: str, text: str) -> bool:
    if isinstance(value, datetime):
        moment, seen = _moment(text), value.replace(microsecond=0)
        checks = {
            "": seen == moment,
            ">": seen > moment,
            ">=": seen >= moment,
            "<": seen < moment,
            "<=": seen <= moment,
        }
        return checks[op]
    if isinstance(value, int):
        number = int(text) if text.isdecimal() else -1
        return {
            "": value == number,
            ">": value > number,
            ">=": value >= number,
            "<": value < number,
            "<=": value <= number,
        }[op]
    if op:
        raise NotSimulated(f"{op} for a field that is no date and no number")
    wanted = text.lower()
    values = value if isinstance(value, frozenset) else {value}
    return any(_text_fits(str(one).lower(), wanted) for one in values if one is not None)


def _text_fits(value: str, wanted: str) -> bool:
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GraphError(f"Invalid date in search: {text}", "BAD_REQUEST") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
