"""Who asks: whoever shows an access token or an API key that still holds.

Who a token stands for is remembered by its SHA-256 for at most a minute (verifying costs 200 µs and
a question to the database, looking up 1 µs). So a revoked session or key, a changed role or tier
takes effect within that minute on every replica, and at once on the replica that revoked it.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from dropship.contracts.tenants import Tier
from dropship.gateway.domain import api_keys
from dropship.gateway.domain.access import Scope
from dropship.gateway.handlers.api_keys import KeyHolder
from dropship.gateway.http.tokens import BadToken, Keyring
from dropship.gateway.queries.standings import Standing

REMEMBERED = timedelta(seconds=60)
REMEMBERED_MAX = 10_000
TOKEN_LENGTH_MAX = 2_048


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks. `credential` is the session's or the API key's id; a key asks as its maker."""

    user: str
    tenant: str
    tier: Tier
    scopes: frozenset[Scope]
    credential: str
    expires_at: datetime | None


SessionHolds = Callable[[str], Awaitable[Standing | None]]
KeyHolds = Callable[[api_keys.Shown, datetime], Awaitable[KeyHolder | None]]


class Callers:
    """Those who have shown who they are within a minute: bounded, the least busy go first."""

    def __init__(self, keyring: Keyring, session_holds: SessionHolds, key_holds: KeyHolds) -> None:
        self._keyring = keyring
        self._session_holds = session_holds
        self._key_holds = key_holds
        self._known: OrderedDict[bytes, tuple[Caller, datetime]] = OrderedDict()
        self._forgettings = 0

    def remembered(self, token: str, at: datetime) -> Caller | None:
        """Who the token stands for, if it was shown within the last minute and still holds."""
        digest = _digest(token)
        known = self._known.get(digest)
        if known is None or at >= known[1]:
            return None
        self._known.move_to_end(digest)
        return known[0]

    async def verified(self, token: str, at: datetime) -> Caller:
        """Who the token stands for by the tables. Raises BadToken when it does not hold (now)."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise BadToken("not a token of ours")
        self._known.pop(_digest(token), None)
        is_key = token.startswith(api_keys.PREFIX)
        forgettings = self._forgettings
        caller = await (self._with_key if is_key else self._with_session)(token, at)
        if forgettings != self._forgettings:  # Perhaps this one: what was read may be over.
            return caller
        until = at + REMEMBERED
        self._known[_digest(token)] = caller, min(caller.expires_at or until, until)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return caller

    def forget(self, credential: str) -> None:
        """Trust no remembered token of this session, or this API key, any more."""
        self._forgettings += 1
        for digest in [d for d, (c, _) in self._known.items() if c.credential == credential]:
            del self._known[digest]

    async def _with_session(self, token: str, at: datetime) -> Caller:
        claims = self._keyring.verify(token, at)
        standing = await self._session_holds(claims.session)
        if standing is None:
            raise BadToken("the session is over")
        return Caller(
            user=claims.user,
            tenant=claims.tenant,
            tier=standing.tier,
            scopes=standing.scopes,
            credential=claims.session,
            expires_at=claims.expires_at,
        )

    async def _with_key(self, token: str, at: datetime) -> Caller:
        shown = api_keys.read(token)
        if shown is None:
            raise BadToken("not an API key of ours, or mistyped")
        holder = await self._key_holds(shown, at)
        if holder is None:
            raise BadToken("the API key is unknown, revoked or expired")
        return Caller(
            user=holder.user,
            tenant=holder.tenant,
            tier=holder.standing.tier,
            scopes=holder.standing.scopes,
            credential=str(shown.id),
            expires_at=holder.expires_at,
        )


def _digest(token: str) -> bytes:
    return sha256(token.encode("latin-1", "replace")).digest()
