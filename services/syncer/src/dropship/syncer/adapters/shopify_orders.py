"""Reading a store's orders by what changed since last time, page by page, each order whole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from dropship.syncer.adapters.errors import Invalid, Unavailable
from dropship.syncer.adapters.port import Access, OrdersRead
from dropship.syncer.adapters.shopify_answers import Line, MoreLinesData, Order, OrdersData
from dropship.syncer.adapters.shopify_client import Client
from dropship.syncer.adapters.shopify_documents import (
    LINES_AT_ONCE,
    MORE_LINES,
    ORDERS,
    ORDERS_AT_ONCE,
)
from dropship.syncer.adapters.shopify_reading import number_of, sold_of
from dropship.syncer.domain.orders import Sold

LINE_PAGES_MAX = 20


class Cursor(Struct, frozen=True, omit_defaults=True):
    """How far was read: the newest change seen; in the midst of paging also where that goes on."""

    newest: datetime
    since: datetime | None = None
    after: str | None = None


class OrderReader:
    """Reads again what changed within `overlap_s` before the cursor: search lags behind writes."""

    def __init__(self, client: Client, overlap_s: float) -> None:
        self._client = client
        self._overlap = timedelta(seconds=overlap_s)

    async def since(self, access: Access, cursor: str | None, at: datetime) -> OrdersRead:
        """One page. The cursor follows the marketplace's clock and never ours."""
        here = _read(cursor, at)
        since = (here.since or here.newest - self._overlap).astimezone(UTC)
        variables: dict[str, Any] = {
            "first": ORDERS_AT_ONCE,
            "after": here.after,
            "query": f"updated_at:>='{since.strftime('%Y-%m-%dT%H:%M:%SZ')}'",
            "lines": LINES_AT_ONCE,
        }
        told = await self._client.send(access, ORDERS, variables, OrdersData)
        page = told.orders
        newest = max([here.newest, *(order.updated_at for order in page.nodes)])
        more = page.page_info.has_next_page and page.page_info.end_cursor is not None
        after = page.page_info.end_cursor if more else None
        there = Cursor(newest, since if more else None, after)
        orders: list[Sold] = []
        unreadable: list[str] = []
        for order in page.nodes:
            try:
                orders.append(await self._whole(access, order))
            except Invalid:
                unreadable.append(number_of(order.id))
        cursor = msgspec.json.encode(there).decode()
        return OrdersRead(tuple(orders), cursor, more, tuple(unreadable))

    async def _whole(self, access: Access, order: Order) -> Sold:
        lines: list[Line] = list(order.line_items.nodes)
        page = order.line_items.page_info
        for _ in range(LINE_PAGES_MAX):
            if not page.has_next_page:
                return sold_of(order, lines)
            variables = {"id": order.id, "after": page.end_cursor}
            told = await self._client.send(access, MORE_LINES, variables, MoreLinesData)
            if told.order is None:
                raise Unavailable("an order went away while it was read", after_s=5.0)
            lines += told.order.line_items.nodes
            page = told.order.line_items.page_info
        raise Invalid("an order of more lines than we read", fields=("lineItems",))


def _read(cursor: str | None, at: datetime) -> Cursor:
    if cursor is None:
        return Cursor(at)
    try:
        return msgspec.json.decode(cursor, type=Cursor)
    except msgspec.MsgspecError:
        raise Invalid("this is no cursor of ours", fields=("cursor",)) from None
