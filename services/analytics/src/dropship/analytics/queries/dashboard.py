"""Everything at a glance: sums per currency over some days, and how many listings stand where."""

import msgspec

from dropship.analytics.domain.periods import NoPeriod, Period, period
from dropship.analytics.queries.figures import SUMS, figures
from dropship.contracts.listings import ListingStatus
from dropship.contracts.reports import Dashboard, DashboardReport, Figures, ListingCounts
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused

_FIGURES = f"""
SELECT s.*, coalesce(o.orders, 0)
  FROM (SELECT m.currency, {SUMS} FROM marketplace_data m
         WHERE m.tenant_id = %(tenant)s AND m.date BETWEEN %(since)s AND %(until)s
           AND (%(store)s::text IS NULL OR m.store_id = %(store)s)
         GROUP BY m.currency) s
  LEFT JOIN (SELECT currency, count(*) AS orders FROM orders
         WHERE tenant_id = %(tenant)s AND day BETWEEN %(since)s AND %(until)s
           AND (%(store)s::text IS NULL OR store_id = %(store)s)
         GROUP BY currency) o USING (currency)
 ORDER BY s.currency
"""  # noqa: S608 - fixed columns

_LISTINGS = """
SELECT status, count(*) FROM listing_states
 WHERE tenant_id = %(tenant)s AND (%(store)s::text IS NULL OR store_id = %(store)s)
 GROUP BY status
"""


async def dashboard(asked: Asked[Dashboard], database: Database) -> bytes:
    """The report as JSON. Raises Refused naming `since` or `until` when they make no period."""
    question = asked.question
    try:
        days = period(question.since, question.until, asked.at.date())
    except NoPeriod as error:
        raise Refused("invalid_period", str(error), field=error.field) from error
    told = {"tenant": asked.tenant, "store": question.store_id}
    counts = dict(await database.fetch_all(_LISTINGS, told))
    report = DashboardReport(
        since=days.since.isoformat(),
        until=days.until.isoformat(),
        figures=await _figures(database, told, days),
        listings=ListingCounts(
            pending=counts.get(ListingStatus.Pending, 0),
            active=counts.get(ListingStatus.Active, 0),
            paused=counts.get(ListingStatus.Paused, 0),
            ended=counts.get(ListingStatus.Ended, 0),
            delisted=counts.get(ListingStatus.Delisted, 0),
        ),
    )
    return msgspec.json.encode(report)


async def _figures(database: Database, told: dict[str, str | None], days: Period) -> list[Figures]:
    rows = await database.fetch_all(_FIGURES, {**told, **days._asdict()})
    return [figures(currency, orders, tuple(sums)) for currency, *sums, orders in rows]
