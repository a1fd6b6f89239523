"""Access tokens: signed once with EdDSA, verified once a minute.

A verified token is remembered by its SHA-256 for at most a minute (verifying costs 200 µs, looking
up 1 µs). When it has to be verified again, its session is looked up too, so a revoked session stops
working within that minute on every replica, and at once on the replica that revoked it.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from dropship.gateway.domain.sessions import ACCESS
from dropship.gateway.handlers.sessions import SignedIn

ISSUER = "https://dropship.central"
AUDIENCE = "dropship-api"
REMEMBERED = timedelta(seconds=60)
REMEMBERED_MAX = 10_000
TOKEN_LENGTH_MAX = 2_048
_CLAIMS = ["iss", "aud", "exp", "iat", "jti", "sub", "tenant", "session"]


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, as an access token proves it."""

    user: str
    tenant: str
    session: str
    expires_at: datetime


class BadToken(Exception):
    """The token proves nothing; the reason is one short word."""


class Keyring:
    """The key that signs, and all that verify; derived, so no secret is used for two things."""

    def __init__(self, today: bytes, earlier: tuple[bytes, ...] = ()) -> None:
        self._signing = _key_of(today)
        self._kid = _kid_of(self._signing)
        keys = [self._signing, *map(_key_of, earlier)]
        self._public = {_kid_of(key): key.public_key() for key in keys}

    def issue(self, signed_in: SignedIn, at: datetime) -> str:
        """A token that is good for `domain.sessions.ACCESS`."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(at.timestamp()),
            "exp": int((at + ACCESS).timestamp()),
            "jti": token_urlsafe(12),
            "sub": signed_in.user_id,
            "tenant": signed_in.tenant_id,
            "session": signed_in.session_id,
        }
        return jwt.encode(claims, self._signing, algorithm="EdDSA", headers={"kid": self._kid})

    def verify(self, token: str, at: datetime) -> Caller:
        """Who the token stands for. Raises BadToken."""
        try:
            key = self._public.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise BadToken("unknown key")
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
            )
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (jwt.PyJWTError, ValueError, OverflowError, TypeError):
            raise BadToken("not a token of ours") from None
        if at >= expires_at:
            raise BadToken("expired")
        try:
            return msgspec.convert(
                {
                    "user": claims["sub"],
                    "tenant": claims["tenant"],
                    "session": claims["session"],
                    "expires_at": expires_at,
                },
                Caller,
            )
        except msgspec.ValidationError:
            raise BadToken("not a token of ours") from None


class Verified:
    """The tokens verified within the last minute: bounded, the least used go first."""

    def __init__(self, keyring: Keyring, holds: Callable[[str], Awaitable[bool]]) -> None:
        self._keyring = keyring
        self._holds = holds
        self._known: OrderedDict[bytes, tuple[Caller, datetime]] = OrderedDict()

    async def caller(self, token: str, at: datetime) -> Caller:
        """Who the token stands for. Raises BadToken, also when its session is over."""
        if len(token) > TOKEN_LENGTH_MAX:
            raise BadToken("not a token of ours")
        digest = sha256(token.encode("latin-1", "replace")).digest()
        known = self._known.get(digest)
        if known is not None and at < known[1]:
            self._known.move_to_end(digest)
            return known[0]
        caller = self._keyring.verify(token, at)
        if not await self._holds(caller.session):
            self._known.pop(digest, None)
            raise BadToken("the session is over")
        self._known[digest] = caller, min(caller.expires_at, at + REMEMBERED)
        self._known.move_to_end(digest)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return caller

    def forget(self, session: str) -> None:
        """Trust no remembered token of this session any more."""
        for digest in [d for d, (c, _) in self._known.items() if c.session == session]:
            del self._known[digest]


def _key_of(secret: bytes) -> Ed25519PrivateKey:
    derived = HKDF(SHA256(), 32, salt=None, info=b"dropship gateway access tokens").derive(secret)
    return Ed25519PrivateKey.from_private_bytes(derived)


def _kid_of(key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(public).hexdigest()[:16]
