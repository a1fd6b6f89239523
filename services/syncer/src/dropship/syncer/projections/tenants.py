"""Who has signed up at which tier, and who watches which product."""

from collections.abc import Collection
from uuid import UUID

from dropship.contracts.tenants import QUOTAS, Quota, Tier
from dropship.runtime.journal import Transaction

Watch = tuple[str, UUID]
"""A tenant and a product."""

_WATCH = """
INSERT INTO watches_known (tenant_id, product_id)
SELECT * FROM unnest(%s::text[], %s::uuid[]) ON CONFLICT DO NOTHING
"""
_UNWATCH = """
DELETE FROM watches_known w USING unnest(%s::text[], %s::uuid[]) gone(tenant_id, product_id)
 WHERE w.tenant_id = gone.tenant_id AND w.product_id = gone.product_id
"""


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


async def watch(tx: Transaction, watches: Collection[Watch]) -> None:
    """From now on these tenants may list these products."""
    if watches:
        await tx.execute(_WATCH, _columns(watches))


async def unwatch(tx: Transaction, watches: Collection[Watch]) -> None:
    """New listings of these are refused; those that there are run out of fresh looks, unless
    somebody else watches the product.
    """
    if watches:
        await tx.execute(_UNWATCH, _columns(watches))


def _columns(watches: Collection[Watch]) -> tuple[list[str], list[UUID]]:
    return [tenant for tenant, _ in watches], [product for _, product in watches]


async def watches(tx: Transaction, tenant: str, product: UUID) -> bool:
    """Whether the tenant watches the product."""
    return (
        await tx.fetch_one(
            "SELECT 1 FROM watches_known WHERE tenant_id = %s AND product_id = %s",
            (tenant, product),
        )
        is not None
    )
