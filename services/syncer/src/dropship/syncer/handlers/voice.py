"""How the syncer speaks: of locked listings, each fact with the next version; and of stores."""

from collections.abc import Mapping
from uuid import UUID

from dropship.contracts.envelope import Envelope
from dropship.contracts.listings import BringListing
from dropship.contracts.messages import Event
from dropship.contracts.stores import StoreSuspended
from dropship.runtime.journal import Cause, Transaction, on_behalf
from dropship.runtime.telemetry import get_logger
from dropship.syncer.domain.bringing import Change, Suspension, held_otherwise
from dropship.syncer.projections import listings
from dropship.syncer.projections.listings import Known

_SUSPEND = """
UPDATE store_accounts SET status = 'suspended', status_reason = %(reason)s,
  tripped = CASE WHEN %(reason)s = 'breaker' THEN %(detail)s ELSE tripped END
 WHERE id = %(id)s AND (status = 'connected' OR (status = 'suspended'
   AND status_reason = 'breaker' AND %(reason)s <> 'breaker'))
RETURNING tenant_id
"""
_log = get_logger()


class Voice:
    """Applies changes to locked listings: says their facts and orders what they order.

    Whoever speaks writes the rows back before the commit (`keep`).
    """

    def __init__(self, tx: Transaction, known: Mapping[UUID, Known]) -> None:
        self.tx = tx
        self.known = known
        self._changed: set[UUID] = set()

    def apply(self, known: Known, change: Change, cause: Cause | Envelope | None = None) -> None:
        """Make the change, say its facts, order its BringListing. Suspends no store.

        What is heard of a product began with whoever imported it: another tenant's user is not
        named in what is said to this one.
        """
        listing = change.listing
        facts = (*change.facts, *held_otherwise(known.listing, listing))
        if listing == known.listing and not facts and not known.synced:
            return
        known.listing = listing
        self._changed.add(known.id)
        cause = on_behalf(self.tx.cause if cause is None else cause, listing.tenant)
        for fact in facts:
            known.version += 1
            self.tx.say(
                fact,
                about=f"listing:{listing.id}",
                key=listing.product_id,
                version=known.version,
                tenant=listing.tenant,
                cause=cause,
            )
        if change.order is not None:
            self.tx.order(
                BringListing(listing_id=listing.id),
                plugin=known.marketplace,
                lane=change.order.lane,
                command_id=change.order.command_id,
                tenant=listing.tenant,
                cause=cause,
            )

    async def keep(self) -> None:
        """Write back every listing that changed."""
        await listings.write(self.tx, [self.known[id_] for id_ in sorted(self._changed)])


async def say_of_store(tx: Transaction, store: UUID, tenant: str, fact: Event) -> None:
    """Say a fact about a store, under the lock of its row."""
    row = await tx.fetch_one(
        "UPDATE store_accounts SET version = version + 1 WHERE id = %s RETURNING version", (store,)
    )
    assert row is not None
    tx.say(fact, about=f"store:{store}", version=row[0], tenant=tenant)


async def suspend_store(tx: Transaction, store: UUID, why: Suspension) -> None:
    """Write to this store no more until a person has acted. The caller has locked its row.

    What is suspended or taken away already stays so, with its first reason; but a marketplace that
    refuses us outweighs the breaker, whose pauses do not pass any more either.
    """
    values = {"id": store, "reason": why.reason.value, "detail": why.detail}
    row = await tx.fetch_one(_SUSPEND, values)
    if row is None:
        return
    _log.warning("store_suspended", store_id=str(store), reason=why.reason.value)
    fact = StoreSuspended(store_id=str(store), reason=why.reason, detail=why.detail)
    await say_of_store(tx, store, row[0], fact)
