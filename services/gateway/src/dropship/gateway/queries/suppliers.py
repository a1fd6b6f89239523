"""Which suppliers an import may name."""

from collections.abc import Sequence

from dropship.gateway.domain.imports import Supplier
from dropship.runtime.journal import Transaction


async def known_suppliers(tx: Transaction) -> Sequence[Supplier]:
    """Every supplier that has registered, by name."""
    rows = await tx.fetch_all(
        "SELECT plugin, sources, default_source, per_tenant, id_pattern, id_example"
        " FROM suppliers_known ORDER BY plugin"
    )
    return [
        Supplier(
            plugin=plugin,
            sources=tuple(sources),
            default_source=default_source,
            per_tenant=per_tenant,
            id_pattern=id_pattern,
            id_example=id_example,
        )
        for plugin, sources, default_source, per_tenant, id_pattern, id_example in rows
    ]
