"""Reconciliation: a listing is read on its marketplace and compared with what we believe."""

from dataclasses import dataclass
from uuid import UUID

from dropship.contracts.listings import CheckListing
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import Outcome, Task
from dropship.syncer.adapters.errors import MarketplaceError
from dropship.syncer.domain import outcomes
from dropship.syncer.domain.listing import Listing, There, quiet
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.sending import there_of
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import listings

_log = get_logger()


@dataclass(frozen=True)
class Checking:
    """The doer of `CheckListing`. One that comes to nothing is no loss: another is due soon."""

    database: Database
    keyring: Keyring
    read_lag_s: float

    async def check_listing(self, task: Task[CheckListing]) -> Outcome:
        """Read it, unless something is under way about it; then that tells more."""
        if task.at > task.command.not_after:
            return _nothing
        id_ = UUID(task.command.listing_id)
        async with self.database.transaction(task.envelope) as tx:
            known = await listings.lock_one(tx, id_)
            is_quiet = known is not None and quiet(known.listing, self.read_lag_s, tx.at)
        if known is None or not is_quiet or not known.standing.reachable:
            return _nothing
        before = known.listing
        try:
            there = await self.keyring.calling(
                before.store_id,
                lambda market, access: market.find(access, before.id),
                task.envelope,
            )
        except MarketplaceError as error:
            _log.info("listing_unread", listing_id=before.id, reason=type(error).__name__)
            return _nothing
        return _compare(before, there_of(there), self.read_lag_s)


async def _nothing(_tx: Transaction) -> None:
    """Nothing was read, or nothing can be concluded from it."""


def _compare(before: Listing, there: There | None, read_lag_s: float) -> Outcome:
    async def compare(tx: Transaction) -> None:
        known = await listings.lock_one(tx, UUID(before.id))
        if known is None or not quiet(known.listing, read_lag_s, tx.at):
            return
        if known.listing.brings != before.brings:
            return
        known.synced = True
        voice = Voice(tx, {known.id: known})
        voice.apply(known, outcomes.checked(known.listing, there, known.standing, tx.at))
        await voice.keep()

    return compare
