"""The book: what a run of orders, refunds and cancellations adds to every account and every day.

Pure, and sums only: folding the same events in any order that keeps each order's own gives the same
book, so counting again from the first event gives the same rows to the byte.
"""

from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from dropship.analytics.domain.sales import Order, day_of, order_of, spread_refund
from dropship.contracts.orders import OrderReceived
from dropship.pricing.money import Money

Account = Literal["cash", "cost", "fees", "payable", "refunds", "revenue"]
"""Debits are positive, credits negative, and every event's entries add up to nothing.

`cash` is what the marketplace owes us, `payable` what we owe the suppliers; the other four are
what is earned and spent, so profit is minus their sum.
"""


class UnknownOrder(LookupError):
    """A fact about an order that was never received: its own events come in order, so a fault."""


class Entry(NamedTuple):
    """One amount on one account, for one line of one order."""

    event_id: UUID
    line: int
    account: Account
    tenant_id: str
    order_id: str
    store_id: str
    listing_id: str | None
    product_id: str | None
    day: date
    currency: str
    minor: int


class DayKey(NamedTuple):
    """A listing on a day, in one currency; without a listing, a store's product or nothing."""

    tenant_id: str
    store_id: str
    listing_id: str | None
    product_id: str | None
    day: date
    currency: str


class Sums(Struct):
    """What a day adds up to. `sales` counts units; amounts are minor units."""

    sales: int = 0
    orders: int = 0
    revenue: int = 0
    refunds: int = 0
    fees: int = 0
    cost: int = 0
    cost_unknown: int = 0

    @property
    def profit(self) -> int:
        return self.revenue - self.refunds - self.fees - self.cost


class Book:
    """Open with the orders that are known, told what happened, and then written down.

    `entries` and `days` are what is to be added; `received` and `touched` name the orders that
    are new and those that were known and have changed.
    """

    def __init__(self, known: dict[str, Order]) -> None:
        self.orders = known
        self.entries: list[Entry] = []
        self.days: dict[DayKey, Sums] = {}
        self.received: list[str] = []
        self.touched: dict[str, None] = {}

    def receive(self, event: OrderReceived, *, event_id: UUID, tenant_id: str) -> None:
        """An order came in. Raises ValueError when it came in before, or cannot be counted."""
        if event.order_id in self.orders:
            raise ValueError(f"order {event.order_id} was received before")
        order = order_of(event, tenant_id)
        self.orders[order.id] = order
        self.received.append(order.id)
        counted: set[DayKey] = set()
        for number, line in enumerate(order.lines):
            self._enter(order, number, order.day, event_id, "cash", line.revenue - line.fees)
            self._enter(order, number, order.day, event_id, "fees", line.fees)
            self._enter(order, number, order.day, event_id, "revenue", -line.revenue)
            self._enter(order, number, order.day, event_id, "cost", line.cost)
            self._enter(order, number, order.day, event_id, "payable", -line.cost)
            key, sums = self._day(order, number, order.day)
            sums.sales += line.units
            sums.revenue += line.revenue
            sums.fees += line.fees
            sums.cost += line.cost
            sums.cost_unknown += line.cost_unknown
            if key not in counted:
                counted.add(key)
                sums.orders += 1

    def refund(self, order_id: str, amount: Money, at: datetime, *, event_id: UUID) -> None:
        """Money went back on the day of `at`. Raises UnknownOrder, ValueError on a currency."""
        order = self._known(order_id)
        if amount.currency != order.currency:
            raise ValueError(f"a refund in {amount.currency} of an order in {order.currency}")
        day = day_of(at)
        for number, share in enumerate(spread_refund(order.lines, amount.minor)):
            if share == 0:
                continue
            order.lines[number].refunds += share
            self._enter(order, number, day, event_id, "refunds", share)
            self._enter(order, number, day, event_id, "cash", -share)
            self._day(order, number, day)[1].refunds += share

    def cancel(self, order_id: str, at: datetime) -> None:
        """It was called off. Its money comes back as a refund and not otherwise."""
        self._known(order_id).cancelled_on = day_of(at)

    def _known(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise UnknownOrder(f"order {order_id} was never received")
        self.touched[order_id] = None
        return order

    def _enter(
        self, order: Order, number: int, day: date, event_id: UUID, account: Account, minor: int
    ) -> None:
        if minor:
            line = order.lines[number]
            self.entries.append(
                Entry(
                    event_id,
                    number,
                    account,
                    order.tenant_id,
                    order.id,
                    order.store_id,
                    line.listing_id,
                    line.product_id,
                    day,
                    order.currency,
                    minor,
                )
            )

    def _day(self, order: Order, number: int, day: date) -> tuple[DayKey, Sums]:
        line = order.lines[number]
        key = DayKey(
            order.tenant_id,
            order.store_id,
            line.listing_id,
            line.product_id,
            day,
            order.currency,
        )
        return key, self.days.setdefault(key, Sums())
