"""The products that earned most."""

import msgspec

from dropship.analytics.domain.periods import last_days
from dropship.analytics.queries.figures import SUMS, figures
from dropship.contracts.reports import BestProducts, ProductFigures, TopProducts
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database

_BEST = f"""
WITH sums AS (
  SELECT m.currency, m.product_id, {SUMS}
    FROM marketplace_data m
   WHERE m.tenant_id = %(tenant)s AND m.date BETWEEN %(since)s AND %(until)s
     AND m.product_id IS NOT NULL AND (%(currency)s::text IS NULL OR m.currency = %(currency)s)
   GROUP BY m.currency, m.product_id),
best AS (
  SELECT * FROM (SELECT sums.*, row_number() OVER (PARTITION BY currency
         ORDER BY profit DESC, units DESC, product_id) AS place FROM sums) ranked
   WHERE place <= %(limit)s),
ordered AS (
  SELECT o.currency, l.product_id, count(DISTINCT o.id) AS orders
    FROM orders o JOIN order_lines l ON l.order_id = o.id
   WHERE o.tenant_id = %(tenant)s AND o.day BETWEEN %(since)s AND %(until)s
   GROUP BY o.currency, l.product_id)
SELECT best.*, coalesce(ordered.orders, 0), t.title
  FROM best LEFT JOIN ordered USING (currency, product_id)
  LEFT JOIN product_titles t USING (product_id)
 ORDER BY best.currency, best.place
"""  # noqa: S608 - fixed columns


async def best_products(asked: Asked[BestProducts], database: Database) -> bytes:
    """The best `limit` products as JSON; without a currency so many in each, one after another."""
    question = asked.question
    told = {
        "tenant": asked.tenant,
        "currency": question.currency,
        "limit": question.limit,
        **last_days(asked.at.date(), question.days)._asdict(),
    }
    rows = await database.fetch_all(_BEST, told)
    items = [
        ProductFigures(
            product_id=product_id,
            title=title,
            figures=figures(currency, orders, tuple(sums)),
        )
        for currency, product_id, *sums, _place, orders, title in rows
    ]
    return msgspec.json.encode(TopProducts(items=items))
