"""Secrets at rest: sealed so that a stolen table is useless and no text fits another row.

A sealed text is ``version (1 byte) · key id (8) · nonce (12) · AES-256-GCM ciphertext and tag``.
"""

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

KEY_BYTES = 32

_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _KEY_ID_BYTES


class SealBroken(Exception):
    """A sealed text that cannot be opened: unknown key, changed, or moved from another place."""


class Sealer:
    """Seals with one key, opens with that and older ones.

    To rotate: put the new key first and the old one among `older`, seal everything again at
    leisure, then drop the old one. Keys are 32 random bytes; a key's id is derived from it, so
    nobody names keys. One key may seal 2^32 texts.
    """

    def __init__(self, key: bytes, older: Sequence[bytes] = ()) -> None:
        if any(len(each) != KEY_BYTES for each in (key, *older)):
            raise ValueError(f"a seal key has {KEY_BYTES} bytes")
        self._current = _key_id(key)
        self._ciphers = {_key_id(each): AESGCM(each) for each in (*older, key)}

    @classmethod
    def of(cls, seal_key: SecretStr, older_seal_keys: SecretStr) -> "Sealer":
        """From the settings of that name: base64, the older ones separated by commas."""
        if not seal_key.get_secret_value():
            raise ValueError("this service seals secrets: set DROPSHIP_SEAL_KEY")
        older = filter(None, map(str.strip, older_seal_keys.get_secret_value().split(",")))
        return cls(_decoded(seal_key.get_secret_value()), [_decoded(text) for text in older])

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Seal for one place. `context` names it (table, row, column) and must be given to open."""
        header = _VERSION + self._current
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self._current]
        return header + nonce + cipher.encrypt(nonce, plaintext, _bound(header, context))

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plaintext. Raises SealBroken, whose text holds neither plaintext nor key."""
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        if len(rest) < _NONCE_BYTES or not header.startswith(_VERSION):
            raise SealBroken(f"{context}: this is no sealed text")
        cipher = self._ciphers.get(header[len(_VERSION) :])
        if cipher is None:
            raise SealBroken(f"{context}: sealed with a key that is not in the settings")
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, _bound(header, context))
        except InvalidTag:
            raise SealBroken(f"{context}: changed, or sealed for another place") from None


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"dropship seal key id\0" + key).digest()[:_KEY_ID_BYTES]


def _bound(header: bytes, context: str) -> bytes:
    return header + context.encode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
