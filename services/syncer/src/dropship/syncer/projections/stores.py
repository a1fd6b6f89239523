"""The rows of `store_accounts`, without what is sealed in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from dropship.contracts.stores import OpenStore, StoreMode, StoreStatus
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.breaker import LARGE_MOVE_BP, WINDOW_S
from dropship.syncer.domain.steps import Standing
from dropship.syncer.tables import NOT_OVER

GONE = frozenset({StoreStatus.disconnected, StoreStatus.rejected})
"""The store is not ours to reach any more, or never was."""
FORGOTTEN = StoreStatus.disconnected.value
"""Why a listing ended that was taken off our books and not off the marketplace."""

OPENED_WITHIN = timedelta(minutes=2)
"""What comes of a try is known by then, or the order has got lost: another one is due."""

BEFORE_ALL = UUID(int=0)


class Known(Struct, frozen=True):
    """A locked store, as far as its listings are concerned."""

    id: UUID
    tenant: str
    marketplace: str
    standing: Standing
    currency: str | None
    fee_schedule: str
    breaker_lifted_at: datetime | None

    @property
    def is_gone(self) -> bool:
        """Whether we hold no credentials for it."""
        return self.standing.status in GONE


class Counted(Struct, frozen=True):
    """A store's listings: those that are not over, and those that stand on the marketplace, or may.

    What was taken off our books while the store was gone still stands there.
    """

    not_over: int
    standing: int


_READ = """
SELECT id, tenant_id, marketplace, mode, status, status_reason, currency, fee_schedule,
       breaker_lifted_at
  FROM store_accounts
"""
_LOCK = _READ + " WHERE id = %s FOR NO KEY UPDATE"
_LOCK_OF = _READ + " WHERE tenant_id = %s AND id = %s FOR NO KEY UPDATE"
_MAY_STAND = "(shown IS NOT NULL OR bringing IS NOT NULL OR sync = 'unknown')"
_FORGOTTEN = f"(status = 'Delisted' AND ending = '{FORGOTTEN}' AND {_MAY_STAND})"
_COUNT = f"""
SELECT count(*) FILTER (WHERE {NOT_OVER}),
       count(*) FILTER (WHERE ({NOT_OVER} AND {_MAY_STAND}) OR {_FORGOTTEN})
  FROM listings WHERE store_id = %s
"""  # noqa: S608 - our own words
_OPEN_IN_ORDER = f"""
SELECT id FROM listings WHERE store_id = %s AND {NOT_OVER} ORDER BY id FOR UPDATE
"""  # noqa: S608
_FORGOTTEN_IN_ORDER = f"""
SELECT id FROM listings WHERE store_id = %s AND {_FORGOTTEN} ORDER BY id FOR UPDATE
"""  # noqa: S608
_TO_BRING = """
SELECT id, bring_after FROM store_accounts WHERE bring_after IS NOT NULL
 ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
_BRING = f"""
UPDATE listings l SET bring_again_at = %s
  FROM (SELECT id FROM listings WHERE store_id = %s AND id > %s AND {NOT_OVER}
         ORDER BY id LIMIT %s FOR UPDATE) o
 WHERE l.id = o.id RETURNING l.id
"""  # noqa: S608
_BROUGHT = "UPDATE store_accounts SET bring_after = %s WHERE id = %s"
_DOUBT = f"""
UPDATE listings l SET sync = 'unknown', failures = 0, bring_again_at = %s
  FROM ({_OPEN_IN_ORDER}) o WHERE l.id = o.id
"""  # noqa: S608
_RECALL = f"""
UPDATE listings l SET ending = 'user',
       status = CASE shown WHEN 'live' THEN 'Active' ELSE 'Pending' END
  FROM ({_FORGOTTEN_IN_ORDER}) o WHERE l.id = o.id
"""  # noqa: S608
_TRY = """
UPDATE store_accounts SET status = 'connecting', status_reason = NULL, token = NULL,
  suspended_for = CASE WHEN status = 'suspended' THEN status_reason END,
  refreshing_until = NULL, open_again_at = %s, opens = opens + 1
 WHERE id = %s RETURNING marketplace, opens
"""
_MOVED = """
SELECT DISTINCT listing_id FROM moves WHERE store_id = %s AND at > %s AND share_bp > %s
"""


async def lock(tx: Transaction, id_: UUID) -> Known | None:
    """Lock one store and read it; before any of its listings."""
    row = await tx.fetch_one(_LOCK, (id_,))
    return _known(row) if row else None


async def lock_of(tx: Transaction, tenant: str, id_: UUID) -> Known | None:
    """As `lock`, for a store of this tenant and no other."""
    row = await tx.fetch_one(_LOCK_OF, (tenant, id_))
    return _known(row) if row else None


def _known(row: Sequence[Any]) -> Known:
    id_, tenant, marketplace, mode, status, reason, *rest = row
    standing = Standing(StoreMode(mode), StoreStatus(status), reason)
    return Known(id_, tenant, marketplace, standing, *rest)


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


async def counted(tx: Transaction, store: UUID) -> Counted:
    """How many of a locked store's listings are of which kind."""
    row = await tx.fetch_one(_COUNT, (store,))
    assert row is not None
    return Counted(*row)


async def bring_all(tx: Transaction, store: UUID) -> None:
    """What may be sent to the store has changed: the round looks at each of its listings anew."""
    await tx.execute(_BROUGHT, (BEFORE_ALL, store))


async def bring_some(tx: Transaction, most: int) -> bool:
    """Let the round look anew at so many listings of a store that is due for that, by their ids;
    whether there may be more.
    """
    row = await tx.fetch_one(_TO_BRING)
    if row is None:
        return False
    store, after = row
    brought = [id_ for (id_,) in await tx.fetch_all(_BRING, (tx.at, store, after, most))]
    last = max(brought) if len(brought) == most else None
    await tx.execute(_BROUGHT, (last, store))
    return True


async def read_back_all(tx: Transaction, store: UUID) -> None:
    """Nobody has watched the store: each of its listings is read there before anything is sent.

    Those that were taken off our books meanwhile are taken off the marketplace now.
    """
    await tx.execute(_RECALL, (store,))
    await tx.execute(_DOUBT, (tx.at, store))


async def begin_to_open(tx: Transaction, store: UUID) -> None:
    """Order a try of the store's credentials; until it is over nothing is written there."""
    row = await tx.fetch_one(_TRY, (tx.at + OPENED_WITHIN, store))
    assert row is not None
    marketplace, opens = row
    tx.order(
        OpenStore(store_id=str(store)),
        plugin=marketplace,
        lane="now",
        command_id=uuid5(store, f"open/{opens}"),
    )
