"""The rows of `tenants_known`: their tiers, and the gate between policies and listings."""

from dropship.runtime.journal import Transaction

_REMEMBER = """
INSERT INTO tenants_known (tenant_id, tier) VALUES (%s, %s)
    ON CONFLICT (tenant_id) DO UPDATE SET tier = excluded.tier
"""
_ADD = "INSERT INTO tenants_known (tenant_id) VALUES (%s) ON CONFLICT DO NOTHING"


async def remember(tx: Transaction, tenant: str, tier: str) -> None:
    """What the tenant has subscribed to."""
    await tx.execute(_REMEMBER, (tenant, tier))


async def close_gate(tx: Transaction, tenant: str) -> str:
    """Let no listing of the tenant begin until the commit; returns the tenant's tier.

    Otherwise a policy and a listing that are written at once would not see each other, and the
    listing would stay undecided until its product changes.
    """
    return await _gate(tx, tenant, "FOR UPDATE")


async def pass_gate(tx: Transaction, tenant: str) -> None:
    """Wait for a policy of the tenant that is being written; let none begin until the commit."""
    await _gate(tx, tenant, "FOR SHARE")


async def _gate(tx: Transaction, tenant: str, lock: str) -> str:
    sql = f"SELECT tier FROM tenants_known WHERE tenant_id = %s {lock}"  # noqa: S608 - two words
    row = await tx.fetch_one(sql, (tenant,))
    if row is None:
        await tx.execute(_ADD, (tenant,))
        row = await tx.fetch_one(sql, (tenant,))
    assert row is not None
    return str(row[0])
