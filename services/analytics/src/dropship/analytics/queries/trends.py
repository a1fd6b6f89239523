"""How sales moved: one point per day and figures per currency in it."""

from datetime import date

import msgspec

from dropship.analytics.domain.periods import last_days
from dropship.analytics.queries.figures import SUMS, figures
from dropship.contracts.reports import Figures, SalesTrend, Trend, TrendPoint
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database

_TREND = f"""
SELECT s.*, coalesce(o.orders, 0)
  FROM (SELECT m.date AS day, m.currency, {SUMS} FROM marketplace_data m
         WHERE m.tenant_id = %(tenant)s AND m.date BETWEEN %(since)s AND %(until)s
           AND (%(store)s::text IS NULL OR m.store_id = %(store)s)
         GROUP BY m.date, m.currency) s
  LEFT JOIN (SELECT day, currency, count(*) AS orders FROM orders
         WHERE tenant_id = %(tenant)s AND day BETWEEN %(since)s AND %(until)s
           AND (%(store)s::text IS NULL OR store_id = %(store)s)
         GROUP BY day, currency) o USING (day, currency)
 ORDER BY s.day, s.currency
"""  # noqa: S608 - fixed columns


async def sales_trend(asked: Asked[SalesTrend], database: Database) -> bytes:
    """The trend as JSON, the oldest day first, days on which nothing happened included."""
    days = last_days(asked.at.date(), asked.question.days)
    told = {"tenant": asked.tenant, "store": asked.question.store_id, **days._asdict()}
    by_day: dict[date, list[Figures]] = {day: [] for day in days.days()}
    for day, currency, *sums, orders in await database.fetch_all(_TREND, told):
        by_day[day].append(figures(currency, orders, tuple(sums)))
    points = [TrendPoint(day=day.isoformat(), figures=found) for day, found in by_day.items()]
    return msgspec.json.encode(Trend(points=points))
