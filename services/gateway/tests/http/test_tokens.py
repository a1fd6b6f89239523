"""What an access token proves, and for how long."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from dropship.gateway.domain.sessions import ACCESS
from dropship.gateway.handlers.sessions import SignedIn
from dropship.gateway.http import tokens
from dropship.gateway.http.tokens import BadToken, Keyring

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OLDER = b"k" * 32, b"o" * 32
someone = SignedIn(user_id="u", tenant_id="t", session_id="s", refresh_token="r")


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
