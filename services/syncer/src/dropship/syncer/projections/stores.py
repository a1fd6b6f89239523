"""The rows of `store_accounts`, without what is sealed in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.breaker import LARGE_MOVE_BP, WINDOW_S
from dropship.syncer.domain.steps import Standing


class Known(Struct, frozen=True):
    """A locked store, as far as its listings are concerned."""

    id: UUID
    tenant: str
    marketplace: str
    account: str
    standing: Standing
    currency: str | None
    fee_schedule: str
    breaker_lifted_at: datetime | None


_LOCK = """
SELECT id, tenant_id, marketplace, account, mode, status, status_reason, currency, fee_schedule,
       breaker_lifted_at
  FROM store_accounts WHERE id = %s FOR NO KEY UPDATE
"""
_MOVED = """
SELECT DISTINCT listing_id FROM moves WHERE store_id = %s AND at > %s AND share_bp > %s
"""


async def lock(tx: Transaction, id_: UUID) -> Known | None:
    """Lock one store and read it; before any of its listings."""
    row = await tx.fetch_one(_LOCK, (id_,))
    return _known(row) if row else None


def _known(row: Sequence[Any]) -> Known:
    id_, tenant, marketplace, account, mode, status, reason, *rest = row
    standing = Standing(StoreMode(mode), StoreStatus(status), reason)
    return Known(id_, tenant, marketplace, account, standing, *rest)


async def moved(tx: Transaction, store: Known) -> frozenset[str]:
    """The listings of a locked store whose prices moved far within the breaker's window.

    Empty for a while after a person has lifted the breaker: they have seen these moves.
    """
    since = tx.at - timedelta(seconds=WINDOW_S)
    if store.breaker_lifted_at is not None and store.breaker_lifted_at > since:
        return frozenset()
    rows = await tx.fetch_all(_MOVED, (store.id, since, LARGE_MOVE_BP))
    return frozenset(str(row[0]) for row in rows)


async def note_move(tx: Transaction, store: UUID, listing: UUID, share_bp: int) -> None:
    """A large move is about to be made."""
    await tx.execute(
        "INSERT INTO moves (store_id, listing_id, at, share_bp) VALUES (%s, %s, %s, %s)",
        (store, listing, tx.at, share_bp),
    )


async def active(tx: Transaction, store: UUID) -> int:
    """How many listings of a store sell."""
    row = await tx.fetch_one(
        "SELECT count(*) FROM listings WHERE store_id = %s AND status = 'Active'", (store,)
    )
    assert row is not None
    return int(row[0])


async def bring_all(tx: Transaction, store: UUID) -> None:
    """What may be sent to the store has changed: the round looks at each of its listings anew."""
    await tx.execute(
        "UPDATE listings SET bring_again_at = %s"
        " WHERE store_id = %s AND status NOT IN ('Ended', 'Delisted')",
        (tx.at, store),
    )
