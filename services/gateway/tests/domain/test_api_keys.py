"""An API key as text."""

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dropship.gateway.domain.api_keys import digest_of, read, written

secrets = st.binary(min_size=32, max_size=32)


@given(st.uuids(), secrets)
def test_a_key_is_read_back_without_its_secret(key_id: UUID, secret: bytes) -> None:
    text = written(key_id, secret)
    assert re.fullmatch(r"dsc_live_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}", text)
    shown = read(text)
    assert shown is not None
    assert (shown.id, shown.secret_sha256) == (key_id, digest_of(secret))
    assert secret.hex() not in repr(shown)


@given(st.uuids(), secrets, st.data())
def test_no_single_mistyped_character_goes_unnoticed(
    key_id: UUID, secret: bytes, mistake: st.DataObject
) -> None:
    text = written(key_id, secret)
    place = mistake.draw(st.integers(0, len(text) - 1))
    letter = mistake.draw(st.sampled_from("0123456789abcdefghijklmnop_"))
    mistyped = text[:place] + letter + text[place + 1 :]
    assert mistyped == text or read(mistyped) is None


@given(st.text())
def test_whatever_is_no_key_is_none(text: str) -> None:
    assert read(text) is None
