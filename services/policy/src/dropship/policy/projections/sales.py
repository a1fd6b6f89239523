"""The rows of `sold`: what was ordered of a product from a tenant's listings, and not called off.

Each order is written once and called off once, however often it is told.
"""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from dropship.contracts.envelope import Envelope
from dropship.contracts.orders import OrderCancelled, OrderReceived
from dropship.policy.projections.causes import (
    Chain,
    as_json,
    link_of_cancellation,
    link_of_order,
)
from dropship.runtime.journal import Cause, Transaction

KEPT = timedelta(days=90)
"""An order that old is not waiting to be bought any more."""


class Told(NamedTuple):
    """What was told last of an order, and its history."""

    chain: Chain
    cause: Cause


_ADD = """
INSERT INTO sold (tenant_id, product_id, order_id, quantity, ordered_at, said, cause)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_CANCEL = """
UPDATE sold SET cancelled_at = %s, said = said || %s::jsonb, cause = %s
 WHERE order_id = %s AND tenant_id = %s AND cancelled_at IS NULL RETURNING product_id
"""
_TOLD = """
SELECT DISTINCT ON (tenant_id) tenant_id, said::text, cause FROM sold
 WHERE product_id = %s AND order_id = ANY(%s)
 ORDER BY tenant_id, coalesce(cancelled_at, ordered_at) DESC, order_id
"""
_FORGET = """
WITH gone AS (DELETE FROM sold WHERE ordered_at < %s RETURNING tenant_id, product_id)
SELECT DISTINCT l.product_id, l.id FROM gone JOIN listings l USING (tenant_id, product_id)
 WHERE l.status NOT IN ('Ended', 'Delisted') ORDER BY l.product_id, l.id
"""


async def add(tx: Transaction, tenant: str, order: OrderReceived, envelope: Envelope) -> list[UUID]:
    """Write down what was bought of our listings; returns the products. What a seller sells besides
    them is nothing to us.
    """
    cause = msgspec.json.encode(Cause.of(envelope))
    bought: Counter[UUID] = Counter()
    for line in order.lines:
        if line.listing_id is not None and line.product_id is not None:
            bought[UUID(line.product_id)] += line.quantity
    for product, quantity in bought.items():
        said = as_json([link_of_order(envelope, quantity)])
        await tx.execute(
            _ADD, (tenant, product, order.order_id, quantity, order.ordered_at, said, cause)
        )
    return sorted(bought)


async def cancel(
    tx: Transaction, tenant: str, order: OrderCancelled, envelope: Envelope
) -> list[UUID]:
    """It is not to be sent: it counts no more. Returns the products."""
    cause = msgspec.json.encode(Cause.of(envelope))
    said = as_json([link_of_cancellation(envelope)])
    values = (order.cancelled_at, said, cause, order.order_id, tenant)
    return sorted(product for (product,) in await tx.fetch_all(_CANCEL, values))


async def told(tx: Transaction, product: UUID, orders: Collection[UUID]) -> dict[str, Told]:
    """For each tenant, what was told last of these orders of a product."""
    rows = await tx.fetch_all(_TOLD, (product, list(orders)))
    return {
        tenant: Told(msgspec.json.decode(said, type=Chain), msgspec.json.decode(cause, type=Cause))
        for tenant, said, cause in rows
    }


async def forget(tx: Transaction) -> list[tuple[UUID, UUID]]:
    """Take away what is too old; returns product and listing of those it may have counted for."""
    rows = await tx.fetch_all(_FORGET, (tx.at - KEPT,))
    return [(product, listing) for product, listing in rows]
