"""Tell the others which suppliers are plugged in, and on what terms, whenever that has changed."""

from collections.abc import Iterable

import msgspec

from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.scraper.adapters.port import Supplier, Terms

_SAID = """
INSERT INTO suppliers AS s (plugin, version, terms) VALUES (%(plugin)s, 1, %(terms)s::jsonb)
ON CONFLICT (plugin) DO UPDATE SET version = s.version + 1, terms = excluded.terms
WHERE s.terms <> excluded.terms
RETURNING version
"""


async def register_suppliers(database: Database, suppliers: Iterable[Supplier]) -> None:
    """Say what is new; nothing where all is as it was last said."""
    async with database.transaction() as tx:
        for terms in sorted((s.terms for s in suppliers), key=lambda terms: terms.name):
            await _register(tx, terms)


async def _register(tx: Transaction, terms: Terms) -> None:
    text = msgspec.json.encode(terms).decode()
    row = await tx.fetch_one(_SAID, {"plugin": terms.name, "terms": text})
    if row is None:
        return
    registered = SupplierRegistered(
        plugin=terms.name,
        sources=terms.sources,
        default_source=terms.default_source,
        per_tenant=terms.per_tenant,
        id_pattern=terms.id_pattern,
        id_example=terms.id_example,
        looks_per_minute=terms.looks_per_minute,
    )
    tx.say(registered, about=f"supplier:{terms.name}", version=row[0], tenant=None)
