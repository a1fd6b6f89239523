"""Access tokens: signed with EdDSA, good for a quarter of an hour."""

from datetime import UTC, datetime
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
_CLAIMS = ["iss", "aud", "exp", "iat", "jti", "sub", "tenant", "session"]


class Claims(Struct, frozen=True, kw_only=True):
    """What a token proves."""

    user: str
    tenant: str
    session: str
    expires_at: datetime


class BadToken(Exception):
    """The token or API key proves nothing; the reason is a few plain words."""


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

    def verify(self, token: str, at: datetime) -> Claims:
        """What the token proves. Raises BadToken."""
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
                Claims,
            )
        except msgspec.ValidationError:
            raise BadToken("not a token of ours") from None


def _key_of(secret: bytes) -> Ed25519PrivateKey:
    derived = HKDF(SHA256(), 32, salt=None, info=b"dropship gateway access tokens").derive(secret)
    return Ed25519PrivateKey.from_private_bytes(derived)


def _kid_of(key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(public).hexdigest()[:16]
