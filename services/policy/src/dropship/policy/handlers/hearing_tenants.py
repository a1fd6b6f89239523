"""A seller signed up: what the tier allows."""

from dropship.contracts.tenants import TenantOpened
from dropship.policy.projections import tenants
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def hear_tenant(heard: Heard[TenantOpened], tx: Transaction) -> None:
    """Remember the tier; until it is known, a tenant is held to the smallest."""
    await tenants.remember(tx, heard.event.tenant_id, heard.event.tier)
