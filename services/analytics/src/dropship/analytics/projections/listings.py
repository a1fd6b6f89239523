"""Where listings stand: the last word of each."""

from collections.abc import Collection

from msgspec import Struct

from dropship.contracts.listings import ListingStatus
from dropship.runtime.journal import Transaction

_STATES = """
INSERT INTO listing_states AS s (listing_id, tenant_id, store_id, product_id, status)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (listing_id) DO UPDATE SET status = excluded.status
 WHERE s.status <> excluded.status
"""


class Standing(Struct, frozen=True):
    """Where a listing stands from now on."""

    listing_id: str
    tenant_id: str
    store_id: str
    product_id: str
    status: ListingStatus


async def stand(tx: Transaction, standings: Collection[Standing]) -> None:
    """Write these down, each listing once; they are locked in the order of their ids."""
    rows = sorted(standings, key=lambda standing: standing.listing_id)
    await tx.execute(
        _STATES,
        (
            [row.listing_id for row in rows],
            [row.tenant_id for row in rows],
            [row.store_id for row in rows],
            [row.product_id for row in rows],
            [row.status.value for row in rows],
        ),
    )
