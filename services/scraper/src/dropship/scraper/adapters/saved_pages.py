"""Saved pages instead of a supplier: `dropship parse` shows what the plugins read in them.

Lines in, lines out, one at a time: memory holds one page, whatever the number of lines.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from dropship.contracts.offers import FailureReason
from dropship.runtime import plugins
from dropship.scraper.adapters.port import GROUP, Supplier, Tools, Unreached
from dropship.scraper.domain.reading import Look, NoReading, Page, PageKind, Reading

LINE_MAX = 64 * 1024
PAGE_MAX = 32 << 20

KINDS = {
    PageKind.captcha: "blocked",
    PageKind.soft_block: "blocked",
    PageKind.js_challenge: "blocked",
    PageKind.rate_limited: "blocked",
    PageKind.forbidden: "blocked",
    PageKind.not_found: "not_found",
    PageKind.gone: "not_found",
    PageKind.redirected_home: "other",
    PageKind.search: "search",
}
"""What a person calls a kind of page; the rest is ``unreadable``."""

NOTHING: dict[str, Any] = {
    "kind": "unreadable",
    "external_id": None,
    "title": None,
    "price": None,
    "list_price": None,
    "availability": None,
    "quantity": None,
    "rating": None,
    "review_count": None,
    "images": None,
    "flags": [],
}


class Nowhere:
    """A transport for plugins that are only to read."""

    async def get(self, url: str, *, etag: str | None = None) -> Page:
        raise Unreached(FailureReason.unreachable, "saved pages only")


def suppliers() -> dict[str, Supplier]:
    """Every plugin that is plugged in, by name, without a way to the outside."""
    tools = Tools(browser=Nowhere(), plain=Nowhere())
    return {name: p.loaded(tools) for name, p in plugins.load(GROUP).found.items()}


def parse_jsonl(lines: TextIO, answers: TextIO) -> None:
    """Answer each line ``{"file", "url", "supplier"}`` with one line, in the same order.

    A line that cannot be answered (no JSON, no such file, no such supplier, damaged) is answered
    as ``unreadable`` with an ``error``: nothing is raised but what writing raises.
    """
    readers = suppliers()
    for line in _bounded(lines):
        if line.strip():
            answers.write(json.dumps(_answer(line, readers), ensure_ascii=False) + "\n")
            answers.flush()


def _bounded(lines: TextIO) -> Iterator[str]:
    """Line by line; of one that is too long only the beginning, which no question can be."""
    while line := lines.readline(LINE_MAX):
        rest = line
        while rest and not rest.endswith("\n"):
            rest = lines.readline(LINE_MAX)
        yield line


def _answer(line: str, readers: Mapping[str, Supplier]) -> dict[str, Any]:
    try:
        question = json.loads(line)
    except (ValueError, RecursionError):
        question = None
    if not isinstance(question, dict):
        return {"file": None, **NOTHING, "error": "not a JSON object"}
    asked = {name: question.get(name) for name in ("file", "url", "supplier")}
    file = {"file": asked["file"]}
    supplier = readers.get(str(asked["supplier"]))
    if supplier is None:
        return {**file, **NOTHING, "error": "no plugin reads this supplier's pages"}
    try:
        body = _body(Path(str(asked["file"])))
    except (OSError, ValueError, EOFError) as error:
        return {**file, **NOTHING, "error": f"cannot be opened: {type(error).__name__}"}
    url = asked["url"] if isinstance(asked["url"], str) else ""
    look = supplier.recognise(url) or Look(source="", external_id="")
    page = Page(url=url, status=200, headers={}, body=body)
    return {**file, **_told(supplier.read(page, look))}


def _body(path: Path) -> bytes:
    with path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        body = file.read(PAGE_MAX + 1)
    if len(body) > PAGE_MAX:
        raise ValueError("larger than a page may be")
    return body


def _told(reading: Reading | NoReading) -> dict[str, Any]:
    if isinstance(reading, NoReading):
        kind = KINDS.get(reading.kind, "unreadable")
        return {**NOTHING, "kind": kind, "page_kind": reading.kind}
    told = msgspec.to_builtins(reading)
    return {**NOTHING, "kind": "product", **told}
