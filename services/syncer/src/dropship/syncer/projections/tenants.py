"""Who has signed up at which tier, and who watches which product."""

from uuid import UUID

from dropship.contracts.tenants import QUOTAS, Quota, Tier
from dropship.runtime.journal import Transaction


async def open_tenant(tx: Transaction, tenant: str, tier: str) -> None:
    """Remember the tier."""
    await tx.execute(
        "INSERT INTO tenants_known (tenant_id, tier) VALUES (%s, %s)"
        " ON CONFLICT (tenant_id) DO UPDATE SET tier = excluded.tier",
        (tenant, tier),
    )


async def quota(tx: Transaction, tenant: str) -> Quota:
    """What the tenant may have at once.

    Locks the tenant's row, so that what is counted afterwards stays true until the commit.
    """
    row = await tx.fetch_one(
        "INSERT INTO tenants_known AS t (tenant_id, tier) VALUES (%s, %s)"
        " ON CONFLICT (tenant_id) DO UPDATE SET tier = t.tier RETURNING t.tier",
        (tenant, Tier.free.value),
    )
    assert row is not None
    return QUOTAS.get(row[0], QUOTAS[Tier.free])


async def watch(tx: Transaction, tenant: str, product: UUID) -> None:
    """From now on the tenant may list it."""
    await tx.execute(
        "INSERT INTO watches_known (tenant_id, product_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (tenant, product),
    )


async def unwatch(tx: Transaction, tenant: str, product: UUID) -> None:
    """New listings of it are refused; those that there are run out of fresh looks."""
    await tx.execute(
        "DELETE FROM watches_known WHERE tenant_id = %s AND product_id = %s", (tenant, product)
    )


async def watches(tx: Transaction, tenant: str, product: UUID) -> bool:
    """Whether the tenant watches the product."""
    return (
        await tx.fetch_one(
            "SELECT 1 FROM watches_known WHERE tenant_id = %s AND product_id = %s",
            (tenant, product),
        )
        is not None
    )
