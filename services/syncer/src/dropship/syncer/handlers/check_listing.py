"""Reconciliation: a listing is read on its marketplace and compared with what we believe."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dropship.contracts.listings import CheckListing
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import Outcome, Task
from dropship.syncer.adapters.errors import Invalid, MarketplaceError
from dropship.syncer.domain import capping, outcomes
from dropship.syncer.domain.bringing import Change
from dropship.syncer.domain.listing import Listing, There, quiet
from dropship.syncer.domain.steps import Look
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.sending import refs_of, there_of
from dropship.syncer.handlers.voice import Voice
from dropship.syncer.projections import listings
from dropship.syncer.projections.listings import Known

_log = get_logger()
Conclude = Callable[[Known, datetime], Change]


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
                lambda market, access: market.find(access, before.id, refs_of(before)),
                task.envelope,
            )
        except Invalid as error:
            return _outcome(before, self.read_lag_s, _unreadable(error.detail))
        except MarketplaceError as error:
            _log.info("listing_unread", listing_id=before.id, reason=type(error).__name__)
            return _nothing
        return _outcome(before, self.read_lag_s, _compared(there_of(there)))


async def _nothing(_tx: Transaction) -> None:
    """Nothing was read, or nothing can be concluded from it."""


def _compared(there: There | None) -> Conclude:
    def compared(known: Known, at: datetime) -> Change:
        listing = capping.noted(known.listing, there, Look(), at)
        return outcomes.checked(listing, there, known.standing, at)

    return compared


def _unreadable(detail: str) -> Conclude:
    def unreadable(known: Known, at: datetime) -> Change:
        return outcomes.unreadable(known.listing, detail, known.standing, at)

    return unreadable


def _outcome(before: Listing, read_lag_s: float, conclude: Conclude) -> Outcome:
    """What was read counts, unless something has been sent since."""

    async def outcome(tx: Transaction) -> None:
        known = await listings.lock_one(tx, UUID(before.id))
        if known is None or not quiet(known.listing, read_lag_s, tx.at):
            return
        if known.listing.brings != before.brings:
            return
        known.synced = True
        voice = Voice(tx, {known.id: known})
        voice.apply(known, conclude(known, tx.at))
        await voice.keep()

    return outcome
