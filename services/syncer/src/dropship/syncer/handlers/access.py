"""Access to stores: secrets opened for one call, one new token at a time, and refusal told once.

Who calls a marketplace does it through a `Keyring`. No secret leaves it but into the plugin.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct

from dropship.contracts.envelope import Envelope
from dropship.contracts.stores import StoreStatus, SuspendReason
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.sealing import SealBroken, Sealer
from dropship.runtime.telemetry import get_logger
from dropship.syncer.adapters.errors import (
    AuthExpired,
    AuthRevoked,
    Frozen,
    MarketplaceError,
    ScopeMissing,
    Throttled,
    Unavailable,
)
from dropship.syncer.adapters.port import Access, Credentials, Marketplace, Token
from dropship.syncer.domain.bringing import Suspension
from dropship.syncer.handlers.seals import open_credentials, token_of
from dropship.syncer.handlers.voice import suspend_store
from dropship.syncer.projections.stores import GONE

AHEAD = timedelta(minutes=5)
"""So long before its end, or a tenth of its life, a token is renewed; it still serves meanwhile."""

TOO_SHORT = timedelta(seconds=2)
REFRESHING = timedelta(seconds=15)
"""How long one worker may take to fetch a token before another one tries."""

_READ = (
    "SELECT tenant_id, marketplace, account, credentials, token, refs, status,"
    " status_reason FROM store_accounts WHERE id = %s"
)
_LEASE = (
    "UPDATE store_accounts SET refreshing_until = %(until)s WHERE id = %(id)s"
    " AND (refreshing_until IS NULL OR refreshing_until <= %(at)s) RETURNING 1"
)
_KEEP = (
    "UPDATE store_accounts SET token = %(token)s, refreshing_until = NULL"
    " WHERE id = %(id)s AND credentials = %(credentials)s RETURNING 1"
)
_SAME = "SELECT 1 FROM store_accounts WHERE id = %s AND credentials = %s FOR NO KEY UPDATE"
_PUT_OFF = "UPDATE store_accounts SET refreshing_until = %(until)s WHERE id = %(id)s RETURNING 1"
_log = get_logger()
T = TypeVar("T")
Call = Callable[[Marketplace, Access], Awaitable[T]]


class _Kept(Struct, frozen=True):
    """A token as it lies sealed in the row."""

    value: str
    renew_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class _Account:
    """A row of `store_accounts`, as far as calling needs it."""

    id: UUID
    tenant_id: str
    marketplace: str
    account: str
    credentials: bytes | None
    token: bytes | None
    refs: Mapping[str, str]
    status: str
    status_reason: str | None

    @property
    def is_shut(self) -> bool:
        """Nobody may come in any more: no call is made, not even a try."""
        revoked = self.status_reason == SuspendReason.auth_revoked
        return (
            self.credentials is None
            or self.status in GONE
            or (self.status == StoreStatus.suspended and revoked)
        )


def refusal_of(error: MarketplaceError) -> SuspendReason | None:
    """Why the whole store is refused, None for an error that is about one call."""
    match error:
        case AuthRevoked():
            return SuspendReason.auth_revoked
        case ScopeMissing():
            return SuspendReason.scope_missing
        case Frozen():
            return SuspendReason.frozen
        case _:
            return None


class Keyring:
    """Calls marketplaces for stores. One per process; several processes share the rows."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sealer: Sealer,
        marketplaces: Mapping[str, Marketplace],
    ) -> None:
        self._database, self._clock, self._sealer = database, clock, sealer
        self._marketplaces = marketplaces
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def calling(
        self,
        store_id: str,
        call: Call[T],
        cause: Envelope | None = None,
        *,
        scope_needed: bool = True,
    ) -> T:
        """Make one call with a token that is taken. Raises what the call raises.

        A token that is refused is renewed once and the call made again: nothing had happened. When
        the credentials or their reach are refused, a connected store is suspended before the error
        is passed on, and `StoreSuspended` is said because of `cause`; unless it has others by then.
        Where no `scope_needed`, one that is missing refuses this call and not the store.
        """
        account = await self._account(UUID(store_id))
        try:
            return await self._calling(account, call)
        except MarketplaceError as error:
            reason = refusal_of(error)
            spared = reason is SuspendReason.scope_missing and not scope_needed
            if reason is not None and not spared:
                await self._suspend(account, Suspension(reason, error.detail), cause)
            raise

    async def _calling(self, account: _Account, call: Call[T]) -> T:
        market = self._market(account)
        token = await self._token(account, market)
        try:
            return await call(market, _access(account, token))
        except AuthExpired:
            token = await self._renewed(account.id, market, refused=token)
        try:
            return await call(market, _access(account, token))
        except AuthExpired as error:
            raise AuthRevoked(f"a new token is refused: {error.detail}") from None

    async def _suspend(self, account: _Account, why: Suspension, cause: Envelope | None) -> None:
        """Write no more to a connected store until a person has acted; said once."""
        async with self._database.transaction(cause) as tx:
            if await tx.fetch_one(_SAME, (account.id, account.credentials)) is not None:
                await suspend_store(tx, account.id, why)

    async def _account(self, store: UUID) -> _Account:
        row = await self._database.fetch_one(_READ, (store,))
        if row is None:
            raise AuthRevoked("there is no such store")
        account = _Account(store, *row)
        if account.is_shut:
            raise AuthRevoked("the store is closed to us")
        return account

    def _market(self, account: _Account) -> Marketplace:
        market = self._marketplaces.get(account.marketplace)
        if market is None:
            raise Unavailable(f"no plugin for {account.marketplace} here", after_s=60.0)
        return market

    async def _token(self, account: _Account, market: Marketplace) -> str:
        """The token at hand if it lasts, else a new one; an old one while there is no new one."""
        known, now = self._known(account), self._clock.now()
        if known is not None and now < known.renew_at:
            return known.value
        try:
            return await self._renewed(account.id, market)
        except (Throttled, Unavailable):
            if known is not None and now < known.expires_at - TOO_SHORT:
                return known.value
            raise

    async def _renewed(self, store: UUID, market: Marketplace, refused: str | None = None) -> str:
        """A token other than the refused one: fetched by one worker, then there for all."""
        lock = self._locks.setdefault(store, asyncio.Lock())
        async with lock:
            account = await self._account(store)
            known, now = self._known(account), self._clock.now()
            if known is not None and known.value != refused and now < known.renew_at:
                return known.value
            lease = {"id": store, "at": now, "until": now + REFRESHING}
            if await self._database.fetch_one(_LEASE, lease) is None:
                raise Unavailable("another worker is fetching a token", after_s=1.0)
            return await self._granted(account, market)

    async def _granted(self, account: _Account, market: Marketplace) -> str:
        """Fetch it under the lease. After a failure nobody tries again until that may help."""
        try:
            credentials = self._credentials(account)
            token = await market.grant(account.account, credentials, self._clock.now())
        except (Throttled, Unavailable) as error:
            wait = min(timedelta(seconds=max(error.after_s, 1.0)), REFRESHING)
            await self._put_off(account.id, self._clock.now() + wait)
            raise
        except MarketplaceError:
            await self._put_off(account.id, None)
            raise
        if not await self._keep(account, token):
            raise Unavailable("the credentials were replaced or destroyed meanwhile", after_s=1.0)
        return token.value

    async def _keep(self, account: _Account, token: Token) -> bool:
        """Whether it was kept: not where the credentials it was granted for are there no more."""
        ahead = min(AHEAD, (token.expires_at - self._clock.now()) / 10)
        kept = _Kept(token.value, token.expires_at - ahead, token.expires_at)
        row = {
            "id": account.id,
            "credentials": account.credentials,
            "token": self._sealer.seal(msgspec.json.encode(kept), token_of(account.id)),
        }
        return await self._database.fetch_one(_KEEP, row) is not None

    async def _put_off(self, store: UUID, until: datetime | None) -> None:
        await self._database.fetch_one(_PUT_OFF, {"id": store, "until": until})

    def _credentials(self, account: _Account) -> Credentials:
        assert account.credentials is not None
        try:
            return open_credentials(self._sealer, account.id, account.credentials)
        except SealBroken as error:
            _log.error("seal_broken", store_id=str(account.id), reason=str(error))
            raise Unavailable("the credentials cannot be opened here", after_s=60.0) from None

    def _known(self, account: _Account) -> _Kept | None:
        """The sealed token, None if there is none that can be opened."""
        if account.token is None:
            return None
        try:
            opened = self._sealer.open(account.token, token_of(account.id))
            return msgspec.json.decode(opened, type=_Kept)
        except (SealBroken, msgspec.MsgspecError):
            return None


def _access(account: _Account, token: str) -> Access:
    return Access(str(account.id), account.account, token, account.refs)
