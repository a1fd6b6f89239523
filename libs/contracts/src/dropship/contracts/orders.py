"""Owner: syncer. What was sold, for how much, and what it cost. No buyer is named anywhere.

Costs and fees stand in the event by value: whoever counts profit needs no other event, so counting
again gives the same sums.
"""

from typing import Any, ClassVar, Literal

from msgspec import Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Money
from dropship.contracts.products import Cursor, Limit
from dropship.contracts.stores import MarketplaceName

FeesKind = Literal["charged", "estimated"]
"""`charged`: the marketplace told them. `estimated`: worked out from the fee schedule."""


class OrderLine(Struct, frozen=True, kw_only=True):
    """`unit_price` is what the buyer pays for one; `unit_cost` what one costs us, if known."""

    listing_id: Id | None
    product_id: Id | None
    sku: str
    quantity: int
    unit_price: Money
    unit_cost: Money | None


class OrderReceived(Event, frozen=True, kw_only=True):
    """A paid order was seen for the first time.

    `total` is the sum of its lines, discounts taken off; shipping and tax beside the prices are not
    in it. A line that does not divide into whole cents comes as two, one cent apart.
    """

    owner: ClassVar[str] = "syncer"
    order_id: Id
    store_id: Id
    marketplace: MarketplaceName
    external_id: str
    lines: tuple[OrderLine, ...]
    total: Money
    fees: Money
    fees_kind: FeesKind
    ordered_at: Moment


class OrderRefunded(Event, frozen=True, kw_only=True):
    """Money went back to the buyer: `amount` more than before, `refunded` in all.

    It is money of what `total` counts, and never more than that: shipping and tax that went back
    with it were no revenue, so they are no loss.
    """

    owner: ClassVar[str] = "syncer"
    order_id: Id
    store_id: Id
    amount: Money
    refunded: Money
    ordered_at: Moment
    refunded_at: Moment


class OrderCancelled(Event, frozen=True, kw_only=True):
    """It was called off; a refund, if any, is a fact of its own."""

    owner: ClassVar[str] = "syncer"
    order_id: Id
    store_id: Id
    cancelled_at: Moment


class Order(Struct, frozen=True, kw_only=True):
    """An order as its tenant sees it."""

    id: Id
    store_id: Id
    marketplace: str
    external_id: str
    name: str
    lines: list[OrderLine]
    total: Money
    fees: Money
    fees_kind: FeesKind
    refunded: Money
    cancelled_at: Moment | None
    ordered_at: Moment
    received_at: Moment


class OrderPage(Struct, frozen=True, kw_only=True):
    items: list[Order]
    next_cursor: str | None


class TenantOrders(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's orders, newest first, of one store if given."""

    owner: ClassVar[str] = "syncer"
    answer: ClassVar[Any] = OrderPage
    store_id: Id | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
