"""Sealed secrets: useless elsewhere, useless when changed, and openable across a change of keys."""

import base64
import os

import pytest
from pydantic import SecretStr

from dropship.runtime.sealing import SealBroken, Sealer

PLAIN = b"etsy-refresh-token-canary"
PLACE = "store_accounts/7/refresh_token"
KEY, OTHER = os.urandom(32), os.urandom(32)


def test_a_sealed_text_opens_in_its_place_and_never_looks_the_same_twice() -> None:
    sealer = Sealer(KEY)
    first, second = sealer.seal(PLAIN, PLACE), sealer.seal(PLAIN, PLACE)
    assert first != second
    assert PLAIN not in first
    assert sealer.open(first, PLACE) == sealer.open(second, PLACE) == PLAIN
    assert sealer.open(sealer.seal(b"", PLACE), PLACE) == b""


def test_swapping_the_ciphertexts_of_two_rows_is_found_out() -> None:
    sealer = Sealer(KEY)
    mine = sealer.seal(PLAIN, "store_accounts/7/refresh_token")
    with pytest.raises(SealBroken, match="another place"):
        sealer.open(mine, "store_accounts/8/refresh_token")


def test_any_flipped_bit_and_any_cut_is_found_out() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(PLAIN, PLACE)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(SealBroken):
            sealer.open(bytes(changed), PLACE)
        with pytest.raises(SealBroken):
            sealer.open(sealed[:at], PLACE)


def test_after_a_change_of_keys_old_texts_open_and_new_ones_need_the_new_key() -> None:
    old = Sealer(KEY).seal(PLAIN, PLACE)
    rotated = Sealer(OTHER, older=[KEY])
    assert rotated.open(old, PLACE) == PLAIN
    new = rotated.seal(PLAIN, PLACE)
    assert Sealer(OTHER).open(new, PLACE) == PLAIN
    with pytest.raises(SealBroken, match="key that is not in the settings"):
        Sealer(OTHER).open(old, PLACE)


def test_a_refusal_holds_neither_plaintext_nor_key() -> None:
    sealed = Sealer(KEY).seal(PLAIN, PLACE)
    with pytest.raises(SealBroken) as refused:
        Sealer(KEY).open(sealed, "elsewhere")
    error = refused.value
    text = f"{error!r} {error.__cause__!r} {error.__suppress_context__}"
    assert PLAIN.decode() not in text
    assert base64.b64encode(KEY).decode() not in text
    assert error.__suppress_context__


def test_keys_come_from_the_settings_in_base64() -> None:
    def text(*keys: bytes) -> SecretStr:
        return SecretStr(", ".join(base64.b64encode(key).decode() for key in keys))

    old = Sealer(KEY).seal(PLAIN, PLACE)
    sealer = Sealer.of(text(OTHER), text(KEY, os.urandom(32)))
    assert sealer.open(old, PLACE) == PLAIN
    with pytest.raises(ValueError, match="DROPSHIP_SEAL_KEY"):
        Sealer.of(SecretStr(""), SecretStr(""))
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")
