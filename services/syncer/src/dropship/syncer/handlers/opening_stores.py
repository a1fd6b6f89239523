"""A store that was connected is tried: its credentials, its reach, and what it must be told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import msgspec

from dropship.contracts.messages import Event
from dropship.contracts.stores import (
    OpenStore,
    StoreConnected,
    StoreMode,
    StoreRejected,
    StoreResumed,
    StoreSuspended,
    SuspendReason,
)
from dropship.pricing.fees import UnknownSchedule, schedule
from dropship.runtime.database import Database
from dropship.runtime.errors import Retry
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import Outcome, Task
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Frozen,
    Invalid,
    MarketplaceError,
    NotFound,
    ScopeMissing,
)
from dropship.syncer.adapters.port import Opened
from dropship.syncer.handlers.access import Keyring, refusal_of
from dropship.syncer.handlers.voice import say_of_store
from dropship.syncer.projections import stores

AGAIN_LATER = timedelta(minutes=5)
"""When a store is tried again whose marketplace was ill through all attempts."""

_LASTING: dict[type[MarketplaceError], str] = {
    AuthRevoked: "credentials_refused",
    ScopeMissing: "scope_missing",
    Frozen: "frozen",
    Invalid: "unfit",
    NotFound: "unfit",
}
_READ = "SELECT status, fee_schedule, opens, suspended_for FROM store_accounts WHERE id = %s"
_CONNECT = (
    "UPDATE store_accounts SET currency = %(currency)s,"
    " status = CASE WHEN tripped IS NULL THEN 'connected' ELSE 'suspended' END,"
    " status_reason = CASE WHEN tripped IS NOT NULL THEN 'breaker' END,"
    " refs = %(refs)s, connected_at = coalesce(connected_at, %(at)s), open_again_at = NULL,"
    " suspended_for = NULL, poll_at = %(at)s"
    " WHERE id = %(id)s AND status = 'connecting' AND opens = %(opens)s"
    " RETURNING tenant_id, marketplace, mode, fee_schedule, tripped"
)
_REJECT = (
    "UPDATE store_accounts SET status = 'rejected', status_reason = %(reason)s, token = NULL,"
    " credentials = NULL, open_again_at = NULL, suspended_for = NULL"
    " WHERE id = %(id)s AND status = 'connecting' AND opens = %(opens)s"
    " RETURNING tenant_id, marketplace"
)
_SUSPEND = (
    "UPDATE store_accounts SET status = 'suspended', status_reason = %(reason)s, token = NULL,"
    " open_again_at = NULL, suspended_for = NULL"
    " WHERE id = %(id)s AND status = 'connecting' AND opens = %(opens)s"
    " RETURNING tenant_id"
)
_PUT_OFF = "UPDATE store_accounts SET open_again_at = %s WHERE id = %s AND status = 'connecting'"
_WAIT = (
    "UPDATE store_accounts SET open_again_at = %(lost_at)s"
    " WHERE id = %(id)s AND status = 'connecting' AND opens = %(opens)s RETURNING 1"
)
_log = get_logger()


@dataclass(frozen=True)
class _Try:
    """One try of a store. What comes of it counts while no other has begun, with other credentials.

    `suspended_for` is why a store was suspended whose tenant wants it connected again.
    """

    store: UUID
    opens: int
    suspended_for: str | None

    def values(self, **more: object) -> dict[str, object]:
        """For the statements that end the try."""
        return {"id": self.store, "opens": self.opens, **more}


@dataclass(frozen=True)
class Opening:
    """The doer of `OpenStore`."""

    database: Database
    keyring: Keyring

    async def open_store(self, task: Task[OpenStore]) -> Outcome:
        """Connected, or refused with the reason. Raises Retry while the marketplace is ill."""
        store = UUID(task.command.store_id)
        row = await self.database.fetch_one(_READ, (store,))
        if row is None or row[0] != "connecting":
            return _nothing
        _, fee_schedule, *rest = row
        tried = _Try(store, *rest)
        try:
            opened = await self.keyring.calling(
                task.command.store_id, lambda market, access: market.open(access), task.envelope
            )
        except MarketplaceError as error:
            if type(error) in _LASTING:
                return _refused(tried, error)
            after_s = max(error.after_s, 2.0**task.attempt)
            lost_at = task.at + timedelta(seconds=after_s) + stores.OPENED_WITHIN
            await self.database.fetch_one(_WAIT, tried.values(lost_at=lost_at))
            raise Retry(after_s, type(error).__name__) from None
        unfit = _unfit(fee_schedule, opened.currency, task.at.date())
        return _rejected(tried, unfit) if unfit else _connected(tried, opened)

    async def give_up(self, task: Task[OpenStore], tx: Transaction, reason: str) -> None:
        """The marketplace was ill all the time: the store goes on waiting, and is tried again."""
        await tx.execute(_PUT_OFF, (tx.at + AGAIN_LATER, UUID(task.command.store_id)))


async def _nothing(_tx: Transaction) -> None:
    """The store is not waiting any more."""


def _refused(tried: _Try, error: MarketplaceError) -> Outcome:
    """Rejected; or suspended again, if it was: a store that was in use keeps its listings' pauses
    due, and one right secret or one `resume` away."""
    refusal = refusal_of(error)
    if tried.suspended_for is not None and refusal is not None:
        return _suspended(tried, refusal, error.detail)
    return _rejected(tried, f"{_LASTING[type(error)]}: {error.detail}")


def _unfit(fee_schedule: str, currency: str, on: date) -> str | None:
    """Why nothing could be priced there, or None."""
    try:
        fees_in = schedule(fee_schedule, on).currency
    except UnknownSchedule:
        return f"unfit: there is no fee schedule {fee_schedule}"
    if fees_in != currency:
        return f"unfit: it sells in {currency}, the fees of {fee_schedule} are in {fees_in}"
    return None


def _connected(tried: _Try, opened: Opened) -> Outcome:
    async def connect(tx: Transaction) -> None:
        refs = msgspec.json.encode(opened.refs).decode()
        values = tried.values(currency=opened.currency, refs=refs, at=tx.at)
        row = await tx.fetch_one(_CONNECT, values)
        if row is None:
            return
        tenant, marketplace, mode, fee_schedule, tripped = row
        connected = StoreConnected(
            store_id=str(tried.store),
            marketplace=marketplace,
            mode=StoreMode(mode),
            currency=opened.currency,
            fee_schedule=fee_schedule,
        )
        await say_of_store(tx, tried.store, tenant, connected)
        for fact in _after_all(tried, tripped):
            await say_of_store(tx, tried.store, tenant, fact)
        await _look_at_listings(tx, tried.store, StoreMode(mode))
        _log.info("store_connected", store_id=str(tried.store), marketplace=marketplace)

    return connect


def _after_all(tried: _Try, tripped: str | None) -> Iterator[Event]:
    """The old suspension is over; but no new connection lifts a breaker, only a person does."""
    if tried.suspended_for is not None:
        yield StoreResumed(store_id=str(tried.store))
    if tripped is not None:
        yield StoreSuspended(
            store_id=str(tried.store), reason=SuspendReason.breaker, detail=tripped
        )


async def _look_at_listings(tx: Transaction, store: UUID, mode: StoreMode) -> None:
    if mode is StoreMode.live:
        await stores.read_back_all(tx, store)
    else:
        await stores.bring_all(tx, store)


def _rejected(tried: _Try, reason: str) -> Outcome:
    async def reject(tx: Transaction) -> None:
        row = await tx.fetch_one(_REJECT, tried.values(reason=reason))
        if row is None:
            return
        tenant, marketplace = row
        fact = StoreRejected(store_id=str(tried.store), marketplace=marketplace, reason=reason)
        await say_of_store(tx, tried.store, tenant, fact)
        _log.info("store_rejected", store_id=str(tried.store), reason=reason)

    return reject


def _suspended(tried: _Try, reason: SuspendReason, detail: str) -> Outcome:
    async def suspend(tx: Transaction) -> None:
        row = await tx.fetch_one(_SUSPEND, tried.values(reason=reason.value))
        if row is None:
            return
        fact = StoreSuspended(store_id=str(tried.store), reason=reason, detail=detail)
        await say_of_store(tx, tried.store, row[0], fact)
        _log.warning("store_suspended", store_id=str(tried.store), reason=reason.value)

    return suspend
