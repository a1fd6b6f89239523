"""Whose request it is, and for how long that is remembered."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dropship.contracts.tenants import Tier
from dropship.gateway.domain.access import Scope
from dropship.gateway.domain.api_keys import Shown, written
from dropship.gateway.domain.sessions import ACCESS
from dropship.gateway.handlers.api_keys import KeyHolder
from dropship.gateway.handlers.sessions import SignedIn
from dropship.gateway.http import callers as module
from dropship.gateway.http.callers import Caller, Callers
from dropship.gateway.http.tokens import BadToken, Keyring
from dropship.gateway.queries.standings import Standing

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = AT + timedelta(seconds=30)
KEYRING = Keyring(b"k" * 32)
STANDING = Standing(scopes=frozenset({Scope.read}), tier=Tier.pro)
someone = SignedIn(user_id="u", tenant_id="t", session_id="s", refresh_token="r")
KEY = written(UUID(int=7), b"s" * 32)


class Tables:
    """Sessions and keys that hold until they are ended."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.asked = 0
        self.expires_at: datetime | None = None

    async def session(self, session: str) -> Standing | None:
        self.asked += 1
        return None if session in self.ended else STANDING

    async def key(self, shown: Shown, at: datetime) -> KeyHolder | None:
        self.asked += 1
        if str(shown.id) in self.ended or (self.expires_at and self.expires_at <= at):
            return None
        return KeyHolder(user="u", tenant="t", standing=STANDING, expires_at=self.expires_at)


def callers(tables: Tables) -> Callers:
    return Callers(KEYRING, tables.session, tables.key)


async def asks(callers: Callers, token: str, at: datetime) -> Caller:
    """What every request does."""
    return callers.remembered(token, at) or await callers.verified(token, at)


async def test_a_caller_brings_what_the_tables_grant() -> None:
    tables = Tables()
    for token, credential in [(KEYRING.issue(someone, AT), "s"), (KEY, str(UUID(int=7)))]:
        caller = await asks(callers(tables), token, AT)
        assert (caller.user, caller.tenant, caller.tier) == ("u", "t", Tier.pro)
        assert (caller.scopes, caller.credential) == (STANDING.scopes, credential)


@pytest.mark.parametrize(
    ("token", "credential"), [(KEYRING.issue(someone, AT), "s"), (KEY, str(UUID(int=7)))]
)
async def test_what_was_revoked_stops_within_a_minute_everywhere_and_at_once_here(
    token: str, credential: str
) -> None:
    tables = Tables()
    known = callers(tables)
    await asks(known, token, AT)
    tables.ended.add(credential)
    await asks(known, token, AT + timedelta(seconds=59))
    with pytest.raises(BadToken):
        await asks(known, token, AT + timedelta(seconds=60))
    tables.ended.clear()
    await asks(known, token, AT)
    tables.ended.add(credential)
    known.forget(credential)
    with pytest.raises(BadToken):
        await asks(known, token, AT)


async def test_what_is_revoked_while_it_is_looked_up_is_not_remembered() -> None:
    tables, reading, may_end = Tables(), asyncio.Event(), asyncio.Event()

    async def slow(session: str) -> Standing | None:
        holds = await tables.session(session)
        reading.set()
        await may_end.wait()
        return holds

    known, token = Callers(KEYRING, slow, tables.key), KEYRING.issue(someone, AT)
    last = asyncio.create_task(asks(known, token, AT))
    await reading.wait()
    tables.ended.add("s")
    known.forget("s")
    may_end.set()
    await last
    with pytest.raises(BadToken):
        await asks(known, token, SOON)


async def test_within_a_minute_nobody_is_looked_up_twice() -> None:
    tables = Tables()
    known, token = callers(tables), KEYRING.issue(someone, AT)
    for second in range(60):
        await asks(known, token, AT + timedelta(seconds=second))
    assert tables.asked == 1


async def test_what_is_remembered_still_expires_on_time() -> None:
    tables = Tables()
    known, token = callers(tables), KEYRING.issue(someone, AT)
    await asks(known, token, AT + ACCESS - timedelta(seconds=10))
    with pytest.raises(BadToken, match="expired"):
        await asks(known, token, AT + ACCESS)
    tables.expires_at = SOON
    await asks(known, KEY, AT)
    with pytest.raises(BadToken, match="expired"):
        await asks(known, KEY, SOON)


async def test_a_mistyped_key_is_not_even_looked_up() -> None:
    tables = Tables()
    for wrong in (KEY[:-1] + "0", KEY.replace("live", "test"), KEY + "0", "dsc_live_x", "dsc_"):
        with pytest.raises(BadToken):
            await asks(callers(tables), wrong, AT)
    assert tables.asked == 0


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 10)
    known = callers(Tables())
    await asyncio.gather(*(asks(known, KEYRING.issue(someone, AT), AT) for _ in range(30)))
    assert len(known._known) == 10
