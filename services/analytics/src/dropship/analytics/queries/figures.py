"""Sums of rows as the figures that a report shows."""

from typing import Any

from dropship.analytics.domain.margins import margin
from dropship.contracts import money as wire
from dropship.contracts.reports import Figures
from dropship.pricing.money import Money, to_wire

SUMS = """
       sum(m.sales)::bigint AS units, sum(m.revenue_minor)::bigint AS revenue,
       sum(m.refunds_minor)::bigint AS refunds, sum(m.fees_minor)::bigint AS fees,
       sum(m.cost_minor)::bigint AS cost, sum(m.cost_unknown)::bigint AS cost_unknown,
       sum(m.profit_minor)::bigint AS profit
"""
"""Sums over `marketplace_data m`, in the order in which `figures` reads them."""


def figures(currency: str, orders: int, sums: tuple[Any, ...]) -> Figures:
    """The figures in one currency, from the columns of `SUMS`."""
    units, revenue, refunds, fees, cost, cost_unknown, profit = sums

    def amount(minor: int) -> wire.Money:
        return to_wire(Money(minor, currency))

    return Figures(
        currency=currency,
        orders=orders,
        units=units,
        revenue=amount(revenue),
        refunds=amount(refunds),
        fees=amount(fees),
        cost=amount(cost),
        cost_unknown=cost_unknown,
        profit=amount(profit),
        margin=margin(profit, revenue - refunds),
    )
