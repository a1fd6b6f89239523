"""An API key as text: ``dsc_live_<id>_<secret>_<crc32>``, all in hexadecimal.

The checksum lets scanners tell a key from noise, and lets us refuse a mistyped one without asking
the database.
"""

import re
from hashlib import sha256
from uuid import UUID
from zlib import crc32

from msgspec import Struct

PREFIX = "dsc_"
SECRET_BYTES = 32
_KEY = re.compile(r"(dsc_live_([0-9a-f]{32})_([0-9a-f]{64}))_([0-9a-f]{8})")


class Shown(Struct, frozen=True):
    """A key that somebody has shown us: which one it says it is, and the digest of its secret."""

    id: UUID
    secret_sha256: bytes


def written(key_id: UUID, secret: bytes) -> str:
    """The text that its owner gets to see, once."""
    text = f"dsc_live_{key_id.hex}_{secret.hex()}"
    return f"{text}_{crc32(text.encode()):08x}"


def digest_of(secret: bytes) -> bytes:
    """All that is kept of a secret. It has 256 random bits, so a plain hash cannot be guessed."""
    return sha256(secret).digest()


def read(text: str) -> Shown | None:
    """What the text says it is, or None when it is no key of ours or has a typing mistake."""
    found = _KEY.fullmatch(text)
    if found is None or int(found[4], 16) != crc32(found[1].encode()):
        return None
    return Shown(UUID(hex=found[2]), digest_of(bytes.fromhex(found[3])))
