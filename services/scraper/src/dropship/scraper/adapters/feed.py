"""A tenant's own feed by address: CSV or JSON, the whole assortment in one file.

One file answers for all its products, so it is fetched once for many looks, and again only if the
supplier says that it has changed.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from weakref import WeakValueDictionary

import msgspec

from dropship.contracts.offers import FailureReason
from dropship.scraper.adapters.port import Supplier, Terms, Tools, Unreached
from dropship.scraper.domain.feed import FeedBroken, Row, read_row, rows_by_id
from dropship.scraper.domain.reading import Look, NoReading, Page, PageKind, Reading

PARSER = "feed/1"
LOOKS_PER_MINUTE = 60_000
FRESH_S = 1.0
FEEDS_MAX = 8


@dataclass(frozen=True)
class _Fetched:
    """A feed as last fetched: its rows, or the page that came instead."""

    at_s: float
    page: Page
    rows: dict[tuple[str, str], Row]


class Feed:
    """Feeds, one source per tenant and name. Looks cost one request a second at most."""

    def __init__(self, tools: Tools) -> None:
        self._plain = tools.plain
        self._fetched: OrderedDict[str, _Fetched] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.terms = Terms(
            name="feed",
            parser=PARSER,
            sources=(),
            default_source=None,
            per_tenant=True,
            id_pattern=r"^[A-Za-z0-9_-]{1,128}$",
            id_example="SKU-1042",
            looks_per_minute=tools.looks_per_minute or LOOKS_PER_MINUTE,
        )

    def recognise(self, url: str) -> Look | None:
        return None

    async def fetch(self, look: Look) -> Page:
        """The look's own row as JSON; 404 where the feed is whole and has no such row."""
        if look.address is None:
            raise Unreached(FailureReason.supplier_unknown, "no feed of that name is connected")
        lock = self._locks.setdefault(look.address, asyncio.Lock())
        async with lock:
            fetched = await self._current(look.address, look.format)
        if fetched.page.status != 200:
            return fetched.page
        row = fetched.rows.get((look.external_id, look.variant))
        headers = {"content-type": "application/json"}
        if row is None:
            return Page(url="", status=404, headers=headers, body=b"")
        return Page(url="", status=200, headers=headers, body=msgspec.json.encode(row))

    def read(self, page: Page, look: Look) -> Reading | NoReading:
        if page.status != 200:
            return NoReading(kind=_kind_of(page.status), detail=f"status {page.status}")
        try:
            row = msgspec.json.decode(page.body, type=dict[str, str])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return NoReading(kind=PageKind.unknown_layout, detail="no row")
        return read_row(row)

    async def _current(self, address: str, form: str) -> _Fetched:
        known = self._fetched.get(address)
        if known is not None and monotonic() - known.at_s < FRESH_S:
            return known
        etag = known.page.headers.get("etag") if known is not None and known.rows else None
        page = await self._plain.get(address, etag=etag)
        rows: dict[tuple[str, str], Row] = {}
        if page.status == 304 and known is not None:
            page, rows = known.page, known.rows
        elif page.status == 200:
            rows = await _indexed(page, form)
        fetched = _Fetched(monotonic(), msgspec.structs.replace(page, body=b""), rows)
        self._fetched[address] = fetched
        self._fetched.move_to_end(address)
        while len(self._fetched) > FEEDS_MAX:
            self._fetched.popitem(last=False)
        return fetched


async def _indexed(page: Page, form: str) -> dict[tuple[str, str], Row]:
    """The rows of a whole feed. Without a declared length a lost tail would read as sold out."""
    is_framed = {"content-length", "transfer-encoding"} & page.headers.keys()
    if not is_framed and not page.body.endswith((b"\n", b"]", b"}")):
        raise Unreached(FailureReason.truncated, "the feed broke off")
    try:
        return await asyncio.to_thread(rows_by_id, page.body, form)
    except FeedBroken as error:
        raise Unreached(FailureReason.unknown_layout, str(error)) from None


def _kind_of(status: int) -> PageKind:
    kinds = {
        404: PageKind.not_found,
        410: PageKind.gone,
        429: PageKind.rate_limited,
        401: PageKind.forbidden,
        403: PageKind.forbidden,
    }
    usual = PageKind.server_error if status >= 500 else PageKind.unknown_layout
    return kinds.get(status, usual)


def plugin(tools: Tools) -> Supplier:
    """The entry point."""
    return Feed(tools)
