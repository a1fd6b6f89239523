"""A store that was connected is tried: its credentials, its reach, and what it must be told."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import msgspec

from dropship.contracts.stores import OpenStore, StoreConnected, StoreMode, StoreRejected
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
from dropship.syncer.handlers.access import Keyring

AGAIN_LATER = timedelta(minutes=5)
"""When a store is tried again whose marketplace was ill through all attempts."""

_LASTING: dict[type[MarketplaceError], str] = {
    AuthRevoked: "credentials_refused",
    ScopeMissing: "scope_missing",
    Frozen: "frozen",
    Invalid: "unfit",
    NotFound: "unfit",
}
_READ = "SELECT status, fee_schedule FROM store_accounts WHERE id = %s"
_CONNECT = (
    "UPDATE store_accounts SET status = 'connected', status_reason = NULL, currency = %(currency)s,"
    " refs = %(refs)s, connected_at = %(at)s, open_again_at = NULL, poll_at = %(at)s,"
    " version = version + 1 WHERE id = %(id)s AND status = 'connecting'"
    " RETURNING version, tenant_id, marketplace, mode, fee_schedule"
)
_REJECT = (
    "UPDATE store_accounts SET status = 'rejected', status_reason = %(reason)s, token = NULL,"
    " credentials = NULL, open_again_at = NULL, version = version + 1"
    " WHERE id = %(id)s AND status = 'connecting' RETURNING version, tenant_id, marketplace"
)
_PUT_OFF = "UPDATE store_accounts SET open_again_at = %s WHERE id = %s AND status = 'connecting'"
_log = get_logger()


@dataclass(frozen=True)
class Opening:
    """The doer of `OpenStore`."""

    database: Database
    keyring: Keyring

    async def open_store(self, task: Task[OpenStore]) -> Outcome:
        """Connected, or rejected with the reason. Raises Retry while the marketplace is ill."""
        store = UUID(task.command.store_id)
        row = await self.database.fetch_one(_READ, (store,))
        if row is None or row[0] != "connecting":
            return _nothing
        try:
            opened = await self.keyring.calling(
                task.command.store_id, lambda market, access: market.open(access), task.envelope
            )
        except MarketplaceError as error:
            reason = _LASTING.get(type(error))
            if reason is None:
                raise Retry(max(error.after_s, 2.0**task.attempt), type(error).__name__) from None
            return _rejected(store, f"{reason}: {error.detail}")
        unfit = _unfit(row[1], opened.currency, task.at.date())
        return _rejected(store, unfit) if unfit else _connected(store, opened)

    async def give_up(self, task: Task[OpenStore], tx: Transaction, reason: str) -> None:
        """The marketplace was ill all the time: the store goes on waiting, and is tried again."""
        await tx.execute(_PUT_OFF, (tx.at + AGAIN_LATER, UUID(task.command.store_id)))


async def _nothing(_tx: Transaction) -> None:
    """The store is not waiting any more."""


def _unfit(fee_schedule: str, currency: str, on: date) -> str | None:
    """Why nothing could be priced there, or None."""
    try:
        fees_in = schedule(fee_schedule, on).currency
    except UnknownSchedule:
        return f"unfit: there is no fee schedule {fee_schedule}"
    if fees_in != currency:
        return f"unfit: it sells in {currency}, the fees of {fee_schedule} are in {fees_in}"
    return None


def _connected(store: UUID, opened: Opened) -> Outcome:
    async def connect(tx: Transaction) -> None:
        refs = msgspec.json.encode(opened.refs).decode()
        values = {"id": store, "currency": opened.currency, "refs": refs, "at": tx.at}
        row = await tx.fetch_one(_CONNECT, values)
        if row is None:
            return
        version, tenant_id, marketplace, mode, fee_schedule = row
        connected = StoreConnected(
            store_id=str(store),
            marketplace=marketplace,
            mode=StoreMode(mode),
            currency=opened.currency,
            fee_schedule=fee_schedule,
        )
        tx.say(connected, about=f"store:{store}", version=version, tenant=tenant_id)
        _log.info("store_connected", store_id=str(store), marketplace=marketplace)

    return connect


def _rejected(store: UUID, reason: str) -> Outcome:
    async def reject(tx: Transaction) -> None:
        row = await tx.fetch_one(_REJECT, {"id": store, "reason": reason})
        if row is None:
            return
        version, tenant_id, marketplace = row
        rejected = StoreRejected(store_id=str(store), marketplace=marketplace, reason=reason)
        tx.say(rejected, about=f"store:{store}", version=version, tenant=tenant_id)
        _log.info("store_rejected", store_id=str(store), reason=reason)

    return reject
