"""A supplier's terms: how many looks a minute each of its sources bears."""

from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def hear_supplier(heard: Heard[SupplierRegistered], tx: Transaction) -> None:
    """Remember the budget; until it is known, a source's checks are not released."""
    await tx.execute(
        "INSERT INTO suppliers_known (plugin, looks_per_minute) VALUES (%s, %s)"
        " ON CONFLICT (plugin) DO UPDATE SET looks_per_minute = excluded.looks_per_minute",
        (heard.event.plugin, heard.event.looks_per_minute),
    )
