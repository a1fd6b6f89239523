"""Owner: analytics. The numbers: what was sold, what it cost, what was earned. Sums are exact.

Days are UTC. Currencies are never added to one another: every figure stands once per currency.
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Query
from dropship.contracts.money import Currency, Money

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", examples=["2026-11-23"])]


class Figures(Struct, frozen=True, kw_only=True):
    """Sums in one currency. profit = revenue - refunds - fees - cost; `cost_unknown` counts the
    units whose cost was not known and is missing in `cost`. `margin` is profit on revenue after
    refunds, as a decimal share, None without revenue.
    """

    currency: Currency
    orders: int
    units: int
    revenue: Money
    refunds: Money
    fees: Money
    cost: Money
    cost_unknown: int
    profit: Money
    margin: str | None


class ListingCounts(Struct, frozen=True, kw_only=True):
    """How many listings stand where."""

    pending: int
    active: int
    paused: int
    ended: int
    delisted: int


class DashboardReport(Struct, frozen=True, kw_only=True):
    """Everything at a glance, from `since` to `until`, both days included."""

    since: Day
    until: Day
    figures: list[Figures]
    listings: ListingCounts


class TrendPoint(Struct, frozen=True, kw_only=True):
    day: Day
    figures: list[Figures]


class Trend(Struct, frozen=True, kw_only=True):
    """One point per day, the oldest first, days without sales included."""

    points: list[TrendPoint]


class ProductFigures(Struct, frozen=True, kw_only=True):
    """One product's sums over all its listings."""

    product_id: Id
    title: str | None
    figures: Figures


class TopProducts(Struct, frozen=True, kw_only=True):
    """The products that earned most, best first."""

    items: list[ProductFigures]


Days = Annotated[int, Meta(ge=1, le=400)]
Top = Annotated[int, Meta(ge=1, le=100)]


class Dashboard(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's figures: without `since` of 30 days, without `until` until today."""

    owner: ClassVar[str] = "analytics"
    answer: ClassVar[Any] = DashboardReport
    since: Day | None = None
    until: Day | None = None
    store_id: Id | None = None


class SalesTrend(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's last `days` days, today included."""

    owner: ClassVar[str] = "analytics"
    answer: ClassVar[Any] = Trend
    days: Days = 30
    store_id: Id | None = None


class BestProducts(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's best products in one currency or in each."""

    owner: ClassVar[str] = "analytics"
    answer: ClassVar[Any] = TopProducts
    days: Days = 30
    limit: Top = 10
    currency: Currency | None = None
