"""What an operator may set, and what is refused."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from dropship.gateway.settings import GatewaySettings

DATABASE = "postgresql://gateway_app@127.0.0.1/dropship"


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


def told(**values: Any) -> GatewaySettings:
    return GatewaySettings(database_url=DATABASE, **values)  # type: ignore[arg-type]


def test_tokens_are_signed_with_their_own_key_or_else_with_the_seal_key() -> None:
    assert told(seal_key=key("s")).token_keys.today == b"s" * 32
    assert told(seal_key=key("s"), token_key=key("t")).token_keys.today == b"t" * 32


def test_earlier_keys_still_verify() -> None:
    older = f"{key('a')}, {key('b')}"
    keys = told(token_key=key("t"), older_token_keys=older).token_keys
    assert keys.earlier == (b"a" * 32, b"b" * 32)
    assert told(seal_key=key("s"), older_seal_keys=key("r")).token_keys.earlier == (b"r" * 32,)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"token_key": "short"},
        {"token_key": base64.b64encode(b"short").decode()},
        {"token_key": key("t"), "trusted_proxies": "everybody"},
        {"token_key": key("t"), "port": 70_000},
    ],
)
def test_what_cannot_work_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        told(**wrong)


def test_no_key_is_shown_by_accident() -> None:
    settings = told(token_key=key("t"))
    assert key("t") not in repr(settings)
    assert "ttt" not in repr(settings.token_keys)
