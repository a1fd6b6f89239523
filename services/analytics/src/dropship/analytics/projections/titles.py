"""What products are called, for people who read reports."""

from collections.abc import Mapping

from dropship.runtime.journal import Transaction

_TITLES = """
INSERT INTO product_titles AS t (product_id, title) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT (product_id) DO UPDATE SET title = excluded.title WHERE t.title <> excluded.title
"""


async def call(tx: Transaction, titles: Mapping[str, str]) -> None:
    """Remember the newest title of each product; they are locked in the order of their ids."""
    ids = sorted(titles)
    await tx.execute(_TITLES, (ids, [titles[id_] for id_ in ids]))
