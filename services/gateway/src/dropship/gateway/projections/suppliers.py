"""The suppliers that the scraper told us of: what an import may name.

Rows: plugin → its sources and what its ids look like. A later registration replaces an earlier one.
"""

from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def remember_supplier(heard: Heard[SupplierRegistered], tx: Transaction) -> None:
    """Keep the newest registration; hearing an old one again changes nothing."""
    said = heard.event
    await tx.execute(
        "INSERT INTO suppliers_known AS known (plugin, sources, default_source, per_tenant,"
        " id_pattern, id_example, registered_at) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (plugin) DO UPDATE SET sources = excluded.sources,"
        " default_source = excluded.default_source, per_tenant = excluded.per_tenant,"
        " id_pattern = excluded.id_pattern, id_example = excluded.id_example,"
        " registered_at = excluded.registered_at"
        " WHERE known.registered_at <= excluded.registered_at",
        (
            said.plugin,
            list(said.sources),
            said.default_source,
            said.per_tenant,
            said.id_pattern,
            said.id_example,
            heard.envelope.time,
        ),
    )
