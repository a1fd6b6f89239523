"""A store's orders are read again and again by what changed; each fact is said once.

The cursor overlaps on purpose, so most orders come more than once: what was told stands in `orders`
under the lock of its row, and only what is new since then is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg import DataError, IntegrityError

from dropship.contracts.messages import Event
from dropship.contracts.orders import OrderLine, OrderReceived
from dropship.contracts.stores import PollOrders
from dropship.pricing.money import CurrencyMismatch, Money, from_wire
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import Outcome, Task
from dropship.syncer.adapters.errors import Invalid, MarketplaceError, ScopeMissing
from dropship.syncer.adapters.port import Access, Marketplace, OrdersRead
from dropship.syncer.domain.orders import (
    Ours,
    Remembered,
    Shop,
    Sold,
    SoldLine,
    changes,
    is_business_of_ours,
    received,
    untold,
)
from dropship.syncer.handlers.access import Keyring

PAGES_MAX = 10
"""Pages in one command; the rest is read by the next one, which is due at once."""
UNREADABLE = "orders_unreadable"
"""Why a connected store is not in order: what it says of its orders makes no sense to us."""
FORBIDDEN = "orders_forbidden"
"""Why a connected store is not in order: we may not read its orders. Pauses need not know them."""
IMPOSSIBLE = (DataError, IntegrityError, CurrencyMismatch, ArithmeticError, ValueError)

_STORE = (
    "SELECT tenant_id, marketplace, fee_schedule, order_cursor, connected_at FROM store_accounts"
    " WHERE id = %s AND status IN ('connected', 'suspended') AND connected_at IS NOT NULL"
)
_ADVANCE = (
    "UPDATE store_accounts SET order_cursor = %(cursor)s,"
    " polled_at = CASE WHEN %(all)s THEN %(began_at)s ELSE polled_at END,"
    " poll_at = CASE WHEN %(more)s THEN %(at)s ELSE poll_at END,"
    " status_reason = CASE WHEN status = 'connected' AND %(answered)s THEN %(trouble)s"
    " ELSE status_reason END"
    " WHERE id = %(id)s AND status IN ('connected', 'suspended') RETURNING 1"
)
_PUT_OFF = "UPDATE store_accounts SET poll_at = greatest(poll_at, %s) WHERE id = %s"
_OURS = (
    "SELECT l.id, l.sku, l.product_id, p.cost_minor, p.cost_currency FROM listings l"
    " LEFT JOIN products_known p USING (product_id)"
    " WHERE l.store_id = %s AND (l.id = ANY(%s) OR l.sku = ANY(%s))"
)
_KNOWN = (
    "SELECT version, currency, refunded_minor, cancelled_at FROM orders"
    " WHERE store_id = %s AND external_id = %s FOR UPDATE"
)
_INSERT = (
    "INSERT INTO orders (id, tenant_id, version, store_id, marketplace, external_id, name,"
    " currency, total_minor, fees_minor, fees_kind, refunded_minor, cancelled_at, ordered_at,"
    " updated_at, received_at) VALUES (%(id)s, %(tenant_id)s, 1, %(store_id)s, %(marketplace)s,"
    " %(external_id)s, %(name)s, %(currency)s, %(total)s, %(fees)s, %(fees_kind)s, 0, NULL,"
    " %(ordered_at)s, %(updated_at)s, %(at)s)"
)
_INSERT_LINE = (
    "INSERT INTO order_lines (order_id, line_no, listing_id, product_id, sku, quantity,"
    " unit_price_minor, unit_cost_minor, unit_cost_currency)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_UPDATE = (
    "UPDATE orders SET version = %(version)s, refunded_minor = %(refunded)s,"
    " cancelled_at = %(cancelled_at)s, updated_at = %(updated_at)s WHERE id = %(id)s"
)
_log = get_logger()


@dataclass(frozen=True)
class _Store:
    id: UUID
    tenant_id: str
    marketplace: str
    fee_schedule: str
    cursor: str | None
    connected_at: datetime


@dataclass
class _Read:
    """What came of reading: orders in the order of their changes, and where to go on."""

    orders: list[Sold]
    cursor: str | None
    more: bool = False
    after_s: float | None = None
    trouble: str | None = None
    pages: int = 0

    @property
    def is_all(self) -> bool:
        """Whether nothing that has changed is left unread."""
        return not self.more and self.after_s is None

    @property
    def is_answered(self) -> bool:
        """Whether the store told how its orders are to be had; an ill marketplace tells nothing."""
        return self.pages > 0 or self.trouble is not None

    def add(self, page: OrdersRead) -> None:
        self.orders += page.orders
        self.cursor, self.more = page.cursor, page.more
        self.pages += 1


@dataclass(frozen=True)
class Polling:
    """The doer of `PollOrders`."""

    database: Database
    keyring: Keyring

    async def poll_orders(self, task: Task[PollOrders]) -> Outcome:
        """Read what changed. An ill marketplace is left alone until the next poll."""
        id_ = UUID(task.command.store_id)
        row = await self.database.fetch_one(_STORE, (id_,))
        if row is None or task.at > task.command.not_after:
            return _nothing
        store = _Store(id_, *row)
        read = await self._read(task, store)

        async def remember(tx: Transaction) -> None:
            values = {
                **{"id": store.id, "cursor": read.cursor, "at": tx.at, "more": read.more},
                **{"all": read.is_all, "began_at": task.at},
                **{"trouble": read.trouble, "answered": read.is_answered},
            }
            if await tx.fetch_one(_ADVANCE, values) is None:
                return  # disconnected meanwhile: nothing of it is ours any more
            if read.after_s is not None:
                again_at = tx.at + timedelta(seconds=read.after_s)
                await tx.execute(_PUT_OFF, (again_at, store.id))
            for sold in read.orders:
                await _remember_or_leave(tx, store, sold)

        return remember

    async def _read(self, task: Task[PollOrders], store: _Store) -> _Read:
        read = _Read([], store.cursor)
        while read.pages < PAGES_MAX:
            try:
                page = await self._page(task, store, read.cursor)
            except MarketplaceError as error:
                read.after_s = error.after_s
                read.trouble = _trouble(store, error)
                return read
            read.add(page)
            for external_id in page.unreadable:
                _log.error("order_unreadable", store_id=str(store.id), order=external_id)
            if not page.more:
                break
        return read

    async def _page(self, task: Task[PollOrders], store: _Store, cursor: str | None) -> OrdersRead:
        async def page(market: Marketplace, access: Access) -> OrdersRead:
            return await market.orders_since(access, cursor, store.connected_at)

        return await self.keyring.calling(
            task.command.store_id, page, task.envelope, scope_needed=False
        )


def _trouble(store: _Store, error: MarketplaceError) -> str | None:
    """What the tenant must be told of a store whose orders could not be read, if it lasts."""
    reason = {Invalid: UNREADABLE, ScopeMissing: FORBIDDEN}.get(type(error))
    if reason is None:
        _log.warning("orders_unread", store_id=str(store.id), reason=type(error).__name__)
        return None
    _log.error(reason, store_id=str(store.id), reason=error.detail)
    return f"{reason}: {error.detail}"


async def _nothing(_tx: Transaction) -> None:
    """Too late, or no store to read any more."""


async def _remember_or_leave(tx: Transaction, store: _Store, sold: Sold) -> None:
    """One order that no table or rule of ours can take must not hold up the others."""
    try:
        async with tx.savepoint():
            await _remember(tx, store, sold)
    except IMPOSSIBLE as error:
        kind = type(error).__name__
        _log.error("order_impossible", store_id=str(store.id), order=sold.external_id, reason=kind)


async def _remember(tx: Transaction, store: _Store, sold: Sold) -> None:
    """Say what is new of one order. The store's row is locked: one poller at a time gets here."""
    order_id = uuid5(store.id, sold.external_id)
    row = await tx.fetch_one(_KNOWN, (store.id, sold.external_id))
    if row is None:
        ours = await _ours(tx, store.id, sold.lines)
        if not is_business_of_ours(sold, ours):
            return
        shop = Shop(str(store.id), store.marketplace, store.fee_schedule)
        first = received(sold, str(order_id), shop, ours)
        await _insert(tx, store, order_id, sold, first)
        _say(tx, store, order_id, first, 1)
        before = untold(sold)
    else:
        version, currency, refunded_minor, cancelled_at = row
        before = Remembered(version, Money(refunded_minor, currency), cancelled_at)
    facts = changes(sold, str(order_id), str(store.id), before)
    for version, fact in enumerate(facts, before.version + 1):
        _say(tx, store, order_id, fact, version)
    if facts:
        await tx.execute(
            _UPDATE,
            {
                "id": order_id,
                "version": before.version + len(facts),
                "refunded": max(before.refunded.minor, sold.refunded.minor),
                "cancelled_at": before.cancelled_at or sold.cancelled_at,
                "updated_at": sold.updated_at,
            },
        )


def _say(tx: Transaction, store: _Store, order_id: UUID, fact: Event, version: int) -> None:
    tx.say(fact, about=f"order:{order_id}", version=version, tenant=store.tenant_id)


async def _ours(tx: Transaction, store_id: UUID, lines: Sequence[SoldLine]) -> list[Ours | None]:
    """Our listing of each line: by the id it carries, else by the sku that only we give."""
    keys = [key for line in lines if (key := _as_id(line.key)) is not None]
    skus = [line.sku for line in lines if line.sku]
    by_key: dict[str, Ours] = {}
    by_sku: dict[str, Ours] = {}
    for id_, sku, product_id, minor, currency in await tx.fetch_all(_OURS, (store_id, keys, skus)):
        cost = Money(minor, currency) if minor is not None else None
        by_key[str(id_)] = by_sku[sku] = Ours(str(id_), str(product_id), cost)
    return [by_key.get(line.key or "") or by_sku.get(line.sku) for line in lines]


def _as_id(key: str | None) -> UUID | None:
    """A key as an id of ours, None for one that we have never given."""
    try:
        return UUID(key) if key is not None else None
    except ValueError:
        return None


async def _insert(
    tx: Transaction, store: _Store, order_id: UUID, sold: Sold, fact: OrderReceived
) -> None:
    total, fees = from_wire(fact.total), from_wire(fact.fees)
    await tx.execute(
        _INSERT,
        {
            "id": order_id,
            "tenant_id": store.tenant_id,
            "store_id": store.id,
            "marketplace": store.marketplace,
            "external_id": sold.external_id,
            "name": sold.name,
            "currency": total.currency,
            "total": total.minor,
            "fees": fees.minor,
            "fees_kind": fact.fees_kind,
            "ordered_at": sold.ordered_at,
            "updated_at": sold.updated_at,
            "at": tx.at,
        },
    )
    rows = [_row(order_id, number, line) for number, line in enumerate(fact.lines, 1)]
    await tx.executemany(_INSERT_LINE, rows)


def _row(order_id: UUID, number: int, line: OrderLine) -> tuple[Any, ...]:
    cost = from_wire(line.unit_cost) if line.unit_cost is not None else None
    return (
        order_id,
        number,
        line.listing_id,
        line.product_id,
        line.sku,
        line.quantity,
        from_wire(line.unit_price).minor,
        cost.minor if cost is not None else None,
        cost.currency if cost is not None else None,
    )
