"""A seller signed up: the tier says how many stores and listings they may have."""

from dropship.contracts.tenants import TenantOpened
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.syncer.projections import tenants


async def hear_tenant(heard: Heard[TenantOpened], tx: Transaction) -> None:
    """Remember the tier; until it is known, a tenant counts as free."""
    await tenants.open_tenant(tx, heard.event.tenant_id, heard.event.tier)
