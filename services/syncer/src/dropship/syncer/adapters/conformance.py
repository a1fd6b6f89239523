"""What every marketplace plugin must keep, as tests to inherit. Needs pytest with pytest-asyncio.

::

    class TestEtsy(MarketplaceConformance):
        plugin = staticmethod(etsy.plugin)
        recordings = Path(__file__).parent / "etsy"

The folder holds ``cases.json`` and the recorded bodies it names: a store, a listing that stands in
it, and cases, each a call of the port, what the marketplace answered, and what is true::

    {"name": "somebody bought one", "call": "set_quantity", "given": {"quantity": 2},
     "serve": [{"body": "stale.json"}], "expect": {"error": "Stale"},
     "sends": {"variables": {"input": {"name": "available"}}}}

``given`` may hold ``seen``, the quantity that the caller saw, for ``find`` the listing's ``refs``,
and for ``open`` those that opening found before. ``expect`` names fields of what the call returns;
``sends`` is a part of the last request's body. Each method needs one case that goes well. What the
answers of a real marketplace cannot show, the life of a listing does:
`dropship.syncer.adapters.life`.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import asdict

from dropship.contracts import money as wire
from dropship.pricing.fees import schedules
from dropship.pricing.money import Money, from_wire, to_wire
from dropship.runtime.egress import Egress
from dropship.runtime.testing.prepared import Answer, PreparedServer, one_by_one, serving
from dropship.syncer.adapters.errors import (
    AuthExpired,
    AuthRevoked,
    MarketplaceError,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from dropship.syncer.adapters.port import Access, Credentials, Marketplace, Seen, Shown, Wanted

WRITES = ("create", "publish", "set_price", "set_quantity", "end")
READS = ("find", "orders_since")
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKEN = "canary-token-5c1d"  # noqa: S105
SECRET = "canary-secret-77aa"  # noqa: S105
EFFECT = "0b7b9f3a-2f0f-5f52-9d9c-0d6c1a5f8f11"


class Recorded(Struct, frozen=True):
    """One recorded answer; `body` is a file beside ``cases.json``."""

    body: str
    status: int = 200
    headers: dict[str, str] = {}


class Case(Struct, frozen=True):
    """A call, what the marketplace answered, and what is true."""

    name: str
    call: str
    serve: list[Recorded]
    expect: dict[str, Any]
    given: dict[str, Any] = {}
    sends: dict[str, Any] = {}


class Standing(Struct, frozen=True):
    """The listing that the cases are about."""

    key: str
    external_id: str
    shown: Shown
    price: wire.Money
    quantity: int
    refs: dict[str, str]


class Scene(Struct, frozen=True):
    """``cases.json`` as a whole. `refs` are what opening the store has found."""

    account: str
    refs: dict[str, str]
    listing: Standing
    cases: list[Case]


class MarketplaceConformance:
    """Inherit, name the plugin and its recordings, and the promises of the port are tests."""

    plugin: ClassVar["staticmethod[[Egress, Any], Marketplace]"]
    recordings: ClassVar[Path]

    def scene(self) -> Scene:
        return msgspec.json.decode((self.recordings / "cases.json").read_bytes(), type=Scene)

    @asynccontextmanager
    async def _plugged_in(
        self, script: Sequence[Answer]
    ) -> AsyncIterator[tuple[Marketplace, PreparedServer]]:
        egress = Egress(development=True, tls=_certificates())
        async with serving(one_by_one(script)) as server:
            market = type(self).plugin(egress, server.url + "/{shop}")
            try:
                yield market, server
            finally:
                await market.aclose()
                await egress.aclose()

    def _answers(self, case: Case) -> list[Answer]:
        return [
            Answer(each.status, each.headers, (self.recordings / each.body).read_bytes())
            for each in case.serve
        ]

    def _good(self, method: str) -> Case:
        """A case of the method that goes well."""
        cases = (case for case in self.scene().cases if case.call == method)
        return next(case for case in cases if "error" not in case.expect)

    async def _told(self, case: Case, script: Sequence[Answer]) -> Any:
        """What the call returns, or the error it raises."""
        async with self._plugged_in(script) as (market, _):
            return await self._called(market, case)

    async def _called(self, market: Marketplace, case: Case) -> Any:
        try:
            return await call_of(market, self.scene(), case)()
        except MarketplaceError as error:
            return error

    async def test_it_says_what_it_is(self) -> None:
        async with self._plugged_in([Answer()]) as (market, _):
            known = {schedule.name for schedule in schedules()}
            assert market.name.isalnum()
            assert market.fee_schedules
            assert known.issuperset(market.fee_schedules)
            assert market.capabilities.call_deadline_s > 0
            assert market.capabilities.read_lag_s >= 0

    async def test_every_recorded_answer_is_read_as_it_was(self) -> None:
        for case in self.scene().cases:
            async with self._plugged_in(self._answers(case)) as (market, server):
                told = await self._called(market, case)
            got = in_plain_words(told)
            wrong = {k: (got.get(k), want) for k, want in case.expect.items() if got.get(k) != want}
            assert not wrong, f"{case.name}: {wrong} (got, expected)"
            if case.sends:
                sent = msgspec.json.decode(server.asked[-1].body)
                assert holds(sent, case.sends), f"{case.name}: sent {sent}"

    @pytest.mark.parametrize("method", WRITES)
    async def test_a_change_is_one_request_and_never_repeated(self, method: str) -> None:
        case = self._good(method)
        for script in (self._answers(case), [Answer(500)], [Answer(hangs_up=True)]):
            async with self._plugged_in(script) as (market, server):
                await self._called(market, case)
            assert len(server.asked) == 1

    @pytest.mark.parametrize("method", WRITES)
    async def test_the_same_change_is_asked_for_in_the_same_words(self, method: str) -> None:
        case = self._good(method)
        async with self._plugged_in(self._answers(case)) as (market, server):
            for _ in range(2):
                assert not isinstance(await self._called(market, case), MarketplaceError)
        assert server.asked[0].body == server.asked[1].body

    @pytest.mark.parametrize("method", WRITES)
    async def test_a_change_without_a_telling_answer_is_unknown(self, method: str) -> None:
        case = self._good(method)
        for answer in speechless(self._answers(case)[-1]):
            told = await self._told(case, [answer])
            assert isinstance(told, OutcomeUnknown), (answer, told)

    @pytest.mark.parametrize("method", READS)
    async def test_a_look_without_a_telling_answer_has_only_failed(self, method: str) -> None:
        case = self._good(method)
        for answer in speechless(self._answers(case)[-1]):
            told = await self._told(case, [answer])
            assert isinstance(told, Unavailable), (answer, told)

    @pytest.mark.parametrize("method", [*WRITES, *READS])
    async def test_where_nobody_listens_nothing_has_happened(self, method: str) -> None:
        async with self._plugged_in([Answer()]) as (_, server):
            url = server.url
        egress = Egress(development=True, tls=_certificates())
        market = type(self).plugin(egress, url + "/{shop}")
        told = await self._called(market, self._good(method))
        assert isinstance(told, Unavailable), told
        await egress.aclose()

    @pytest.mark.parametrize("method", [*WRITES, *READS])
    async def test_a_token_that_is_not_taken_has_expired(self, method: str) -> None:
        told = await self._told(self._good(method), [Answer(401, {}, b"{}")])
        assert isinstance(told, AuthExpired), told

    @pytest.mark.parametrize("method", [*WRITES, *READS])
    async def test_a_marketplace_that_says_slow_down_is_heard(self, method: str) -> None:
        told = await self._told(self._good(method), [Answer(429, {"retry-after": "7"}, b"{}")])
        assert isinstance(told, Throttled), told
        assert told.after_s == 7

    async def test_refused_credentials_are_revoked_and_an_ill_marketplace_is_not(self) -> None:
        refused = Answer(401, {}, b'{"error": "invalid_client"}')
        assert isinstance(await self._granted([refused]), AuthRevoked)
        for ill in (Answer(503), Answer(hangs_up=True), Answer(200, {}, b"<html>")):
            assert isinstance(await self._granted([ill]), Unavailable)
        slow = await self._granted([Answer(429, {"retry-after": "3"}, b"")])
        assert isinstance(slow, Throttled)

    async def _granted(self, script: Sequence[Answer]) -> Any:
        credentials = Credentials("an-id", SECRET)
        async with self._plugged_in(script) as (market, _):
            try:
                return await market.grant(self.scene().account, credentials, AT)
            except MarketplaceError as error:
                return error

    async def test_no_error_shows_a_secret(self) -> None:
        echo = f'{{"errors": "{TOKEN} {SECRET}", "error": "{TOKEN} {SECRET}"}}'.encode()
        for status in (200, 400, 401, 402, 403, 404, 422, 429, 500, 503):
            answer = Answer(status, {"x-echo": TOKEN}, echo)
            told = [await self._told(self._good(m), [answer]) for m in (*WRITES, *READS)]
            for each in (*told, await self._granted([answer])):
                assert each is None or isinstance(each, MarketplaceError), (status, each)
                text = f"{each!r} {in_plain_words(each)} {getattr(each, '__cause__', None)!r}"
                assert TOKEN not in text
                assert SECRET not in text
        assert SECRET not in repr(Credentials("an-id", SECRET))


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: that takes longer than the rest of a test."""
    return ssl.create_default_context()


def call_of(market: Marketplace, scene: Scene, case: Case) -> Callable[[], Any]:
    """The call of a case, on its listing, with what it is given."""
    access = Access("a-store", scene.account, TOKEN, scene.refs)
    it, given = scene.listing, case.given
    there = int(given.get("seen", it.quantity))
    seen = Seen(it.key, it.external_id, it.shown, from_wire(it.price), there, it.refs)
    price = from_wire(msgspec.convert(given.get("price", to_wire(seen.price)), wire.Money))
    quantity = int(given.get("quantity", seen.quantity))
    calls: dict[str, Callable[[], Any]] = {
        "open": lambda: market.open(replace(access, refs=given.get("refs", {}))),
        "find": lambda: market.find(access, it.key, given.get("refs", {})),
        "create": lambda: market.create(access, wanted_of(it.key, price, quantity), EFFECT),
        "publish": lambda: market.publish(access, seen, EFFECT),
        "set_price": lambda: market.set_price(access, seen, price, EFFECT),
        "set_quantity": lambda: market.set_quantity(access, seen, quantity, EFFECT),
        "end": lambda: market.end(access, seen, EFFECT),
        "orders_since": lambda: market.orders_since(access, given.get("cursor"), AT),
    }
    return calls[case.call]


def wanted_of(key: str, price: Money, quantity: int) -> Wanted:
    """A listing to create, with a text that would be a page if it were not escaped."""
    return Wanted(
        key=key,
        sku=f"DC-{key.replace('-', '')[:12]}",
        title="Cast-iron skillet <26 cm>",
        description="Heavy.\n\n<script>alert(1)</script>",
        images=("https://images.example/skillet-1.jpg",),
        price=price,
        quantity=quantity,
    )


def speechless(good: Answer) -> list[Answer]:
    """Answers that do not tell whether anything happened."""
    half = len(good.body) // 2
    return [
        Answer(hangs_up=True),
        Answer(500, {}, b"Internal Server Error"),
        Answer(502, {}, b"<html>bad gateway</html>"),
        Answer(200, {}, b""),
        Answer(200, {}, b"<html>maintenance</html>"),
        Answer(200, {}, b"{}"),
        Answer(200, {}, good.body[:half]),
        Answer(good.status, good.headers, good.body, cut_at=half),
    ]


def in_plain_words(told: Any) -> dict[str, Any]:
    """What a call came to, as JSON would show it; an error by its class."""
    if isinstance(told, MarketplaceError):
        return {
            "error": type(told).__name__,
            "detail": told.detail,
            "after_s": told.after_s,
            "fields": list(told.fields),
        }
    if told is None:
        return {"found": False}
    plain = _plain(told)
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return msgspec.to_builtins(to_wire(value))
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Struct):
        return {name: _plain(member) for name, member in asdict(value).items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return msgspec.to_builtins(value)


def holds(sent: Any, part: Any) -> bool:
    """Whether all of `part` stands in what was sent, lists member by member."""
    if isinstance(part, dict):
        return isinstance(sent, dict) and all(
            k in sent and holds(sent[k], v) for k, v in part.items()
        )
    if isinstance(part, list):
        same = isinstance(sent, list) and len(sent) == len(part)
        return same and all(holds(one, other) for one, other in zip(sent, part, strict=True))
    return bool(sent == part)
