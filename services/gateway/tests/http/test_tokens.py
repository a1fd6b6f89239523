"""What an access token proves, and for how long."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from dropship.gateway.domain.sessions import ACCESS
from dropship.gateway.handlers.sessions import SignedIn
from dropship.gateway.http import tokens
from dropship.gateway.http.tokens import BadToken, Keyring, Verified

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OLDER = b"k" * 32, b"o" * 32
someone = SignedIn(user_id="u", tenant_id="t", session_id="s", refresh_token="r")


class Sessions:
    """Sessions that hold until they are ended."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.asked = 0

    async def hold(self, session: str) -> bool:
        self.asked += 1
        return session not in self.ended


def test_a_token_says_who_it_stands_for() -> None:
    keyring = Keyring(KEY)
    caller = keyring.verify(keyring.issue(someone, AT), AT)
    assert (caller.user, caller.tenant, caller.session) == ("u", "t", "s")


def test_a_token_is_worthless_from_the_moment_it_expires() -> None:
    keyring = Keyring(KEY)
    token = keyring.issue(someone, AT)
    keyring.verify(token, AT + ACCESS - timedelta(seconds=1))
    with pytest.raises(BadToken, match="expired"):
        keyring.verify(token, AT + ACCESS)


def test_a_token_signed_before_the_key_was_changed_is_still_good() -> None:
    token = Keyring(OLDER).issue(someone, AT)
    assert Keyring(KEY, (OLDER,)).verify(token, AT).user == "u"
    with pytest.raises(BadToken):
        Keyring(KEY).verify(token, AT)


def test_no_forged_token_is_believed() -> None:
    keyring = Keyring(KEY)
    head, body, signature = keyring.issue(someone, AT).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims, "tenant": "x"}).encode()).decode()
    kid = jwt.get_unverified_header(f"{head}.{body}.{signature}")["kid"]
    forged = [
        "",
        "nonsense",
        "a.b.c",
        f"{head}.{other.rstrip('=')}.{signature}",
        f"{head}.{body}.",
        jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
        jwt.encode(claims, "s" * 32, algorithm="HS256", headers={"kid": kid}),
        Keyring(OLDER).issue(someone, AT),
    ]
    for token in forged:
        with pytest.raises(BadToken):
            keyring.verify(token, AT)


def test_a_token_made_for_somebody_else_is_refused() -> None:
    keyring = Keyring(KEY)
    good = jwt.decode(keyring.issue(someone, AT), options={"verify_signature": False})
    for claim, value in [("aud", "another-api"), ("iss", "https://elsewhere.example")]:
        token = jwt.encode(
            {**good, claim: value},
            tokens._key_of(KEY),
            algorithm="EdDSA",
            headers={"kid": keyring._kid},
        )
        with pytest.raises(BadToken):
            keyring.verify(token, AT)


async def test_a_revoked_session_stops_within_a_minute_everywhere_and_at_once_here() -> None:
    keyring, sessions = Keyring(KEY), Sessions()
    verified = Verified(keyring, sessions.hold)
    token = keyring.issue(someone, AT)
    await verified.caller(token, AT)
    sessions.ended.add("s")
    await verified.caller(token, AT + timedelta(seconds=59))
    with pytest.raises(BadToken):
        await verified.caller(token, AT + timedelta(seconds=60))
    sessions.ended.clear()
    await verified.caller(token, AT)
    sessions.ended.add("s")
    verified.forget("s")
    with pytest.raises(BadToken):
        await verified.caller(token, AT)


async def test_a_verified_token_is_not_verified_again_within_a_minute() -> None:
    keyring, sessions = Keyring(KEY), Sessions()
    verified = Verified(keyring, sessions.hold)
    token = keyring.issue(someone, AT)
    for second in range(60):
        await verified.caller(token, AT + timedelta(seconds=second))
    assert sessions.asked == 1


async def test_a_remembered_token_still_expires_on_time() -> None:
    keyring = Keyring(KEY)
    verified = Verified(keyring, Sessions().hold)
    token = keyring.issue(someone, AT)
    await verified.caller(token, AT + ACCESS - timedelta(seconds=10))
    with pytest.raises(BadToken, match="expired"):
        await verified.caller(token, AT + ACCESS)


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 10)
    keyring = Keyring(KEY)
    verified = Verified(keyring, Sessions().hold)
    await asyncio.gather(*(verified.caller(keyring.issue(someone, AT), AT) for _ in range(30)))
    assert len(verified._known) == 10
