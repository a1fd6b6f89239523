# ruff: noqa: S311 - this is a test suite, shipped with the host
"""What every supplier plugin must keep, as tests to inherit. Needs pytest with pytest-asyncio.

::

    class TestBol(SupplierConformance):
        plugin = staticmethod(bol.plugin)
        recordings = Path(__file__).parent / "bol"

The folder holds ``cases.json``, a list of cases, and the recorded bodies it names::

    {"name": "in stock", "look": {"source": "bol-nl", "external_id": "9200000111"},
     "serve": {"/p/9200000111": {"body": "in_stock.html"}},
     "expect": {"price": {"amount": "12.99", "currency": "EUR"}, "availability": "in_stock"}}

`look.address` may hold ``{base}``. ``expect`` names fields of the reading, or only ``{"kind": …}``.
"""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from dropship.contracts.ids import plugin_of
from dropship.contracts.offers import FailureReason
from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.egress import Egress
from dropship.runtime.testing.prepared import Answer, PreparedServer, by_path, serving
from dropship.scraper.adapters.port import Supplier, Tools, Unreached
from dropship.scraper.adapters.transport import BrowserTransport, PlainTransport
from dropship.scraper.domain.reading import BLOCKS, PASSING, Look, NoReading, Reading

Told = Reading | NoReading


class Recorded(Struct, frozen=True):
    """One recorded answer in ``cases.json``; `body` is a file beside it."""

    body: str
    status: int = 200
    headers: dict[str, str] = {}


class Case(Struct, frozen=True):
    """A look, what the supplier answered, and what is true."""

    name: str
    look: Look
    serve: dict[str, Recorded]
    expect: dict[str, Any]


class SupplierConformance:
    """Inherit, name the plugin and its recordings, and the promises of the port are tests."""

    plugin: ClassVar["staticmethod[[Tools], Supplier]"]
    recordings: ClassVar[Path]

    def cases(self) -> list[Case]:
        return msgspec.json.decode((self.recordings / "cases.json").read_bytes(), type=list[Case])

    def _readable(self) -> Case:
        return next(case for case in self.cases() if "kind" not in case.expect)

    def _answers(self, case: Case) -> dict[str, Answer]:
        return {
            path: Answer(recorded.status, recorded.headers, self._body(recorded))
            for path, recorded in case.serve.items()
        }

    def _body(self, recorded: Recorded) -> bytes:
        return (self.recordings / recorded.body).read_bytes()

    @asynccontextmanager
    async def _plugged_in(
        self, answers: dict[str, Answer]
    ) -> AsyncIterator[tuple[Supplier, PreparedServer]]:
        egress = Egress(development=True)
        browser = BrowserTransport(egress)
        async with serving(by_path(answers)) as server:
            tools = Tools(browser=browser, plain=PlainTransport(egress), base_url=server.url)
            try:
                yield type(self).plugin(tools), server
            finally:
                await browser.close()
                await egress.aclose()

    async def _told(self, case: Case, answers: dict[str, Answer]) -> Told | Unreached:
        async with self._plugged_in(answers) as (supplier, server):
            look = _at(case.look, server.url)
            try:
                return supplier.read(await supplier.fetch(look), look)
            except Unreached as error:
                return error

    async def test_its_terms_can_be_told_to_the_others(self) -> None:
        async with self._plugged_in({}) as (supplier, _):
            terms = supplier.terms
        assert terms.parser
        assert terms.looks_per_minute > 0
        assert terms.name == plugin_of(terms.name), "a plugin's name holds no hyphen"
        assert all(plugin_of(source) == terms.name for source in terms.sources)
        assert terms.default_source is None or terms.default_source in terms.sources
        assert terms.sources or terms.per_tenant
        assert re.fullmatch(terms.id_pattern, terms.id_example)
        msgspec.convert(_as_event(supplier), SupplierRegistered)

    async def test_every_recorded_answer_is_read_as_it_was(self) -> None:
        for case in self.cases():
            told = await self._told(case, self._answers(case))
            assert not isinstance(told, Unreached), (case.name, told)
            got = msgspec.json.decode(msgspec.json.encode(told))
            wrong = {k: (got.get(k), want) for k, want in case.expect.items() if got.get(k) != want}
            assert not wrong, f"{case.name}: {wrong} (got, expected)"

    async def test_looking_twice_tells_the_same(self) -> None:
        case = self._readable()
        answers = self._answers(case)
        assert await self._told(case, answers) == await self._told(case, answers)

    async def test_a_reading_is_of_the_product_that_was_looked_for(self) -> None:
        case = self._readable()
        told = await self._told(case, self._answers(case))
        assert isinstance(told, Reading)
        assert told.external_id == case.look.external_id

    async def test_a_missing_page_is_not_found_and_never_out_of_stock(self) -> None:
        told = await self._told(self._readable(), {})
        assert isinstance(told, NoReading)
        assert told.kind in {"not_found", "gone"}

    async def test_a_supplier_that_says_slow_down_is_heard(self) -> None:
        case = self._readable()
        slow = {path: Answer(429, {"retry-after": "7"}, b"slow down") for path in case.serve}
        async with self._plugged_in(slow) as (supplier, server):
            look = _at(case.look, server.url)
            page = await supplier.fetch(look)
            told = supplier.read(page, look)
        assert isinstance(told, NoReading)
        assert told.kind in BLOCKS
        assert page.headers["retry-after"] == "7"

    async def test_an_ill_supplier_is_worth_another_look(self) -> None:
        case = self._readable()
        told = await self._told(case, {path: Answer(503, {}, b"") for path in case.serve})
        assert isinstance(told, NoReading)
        assert told.kind in PASSING

    async def test_half_an_answer_says_nothing(self) -> None:
        case = self._readable()
        whole = self._answers(case)
        for share in (0.0, 0.3, 0.9):
            cut = {
                path: msgspec.structs.replace(
                    answer, cut_at=int(len(answer.body) * share), announced=False
                )
                for path, answer in whole.items()
            }
            told = await self._told(case, cut)
            assert not isinstance(told, Reading), share

    async def test_a_redirect_into_our_own_network_is_not_followed(self) -> None:
        case = self._readable()
        away = {"location": "http://169.254.169.254/latest/meta-data/"}
        told = await self._told(case, {path: Answer(302, away, b"") for path in case.serve})
        assert isinstance(told, Unreached)
        assert told.reason is FailureReason.refused_address

    async def test_damaged_answers_are_values_and_never_errors(self) -> None:
        dice = random.Random(7)
        for case in self.cases():
            async with self._plugged_in(self._answers(case)) as (supplier, server):
                look = _at(case.look, server.url)
                page = await supplier.fetch(look)
                for body in _damaged(page.body, dice):
                    told = supplier.read(msgspec.structs.replace(page, body=body), look)
                    assert isinstance(told, (Reading, NoReading))

    async def test_foreign_addresses_are_not_recognised(self) -> None:
        async with self._plugged_in({}) as (supplier, _):
            for url in ("", "https://example.com/dp/B000000000", "not a url", "http://[::1"):
                assert supplier.recognise(url) is None


def _at(look: Look, base: str) -> Look:
    address = look.address.replace("{base}", base) if look.address is not None else None
    return msgspec.structs.replace(look, address=address)


def _as_event(supplier: Supplier) -> dict[str, Any]:
    terms = msgspec.to_builtins(supplier.terms)
    return {"plugin": terms.pop("name"), **terms}


def _damaged(body: bytes, dice: random.Random) -> list[bytes]:
    """Cut off, overwritten, emptied: what a wire can do to an answer."""
    damaged = [b"", b"\0", body[::-1]]
    for _ in range(20):
        damaged.append(body[: dice.randrange(len(body) + 1)])
        flipped = bytearray(body)
        for _ in range(1 + len(body) // 200):
            if flipped:
                flipped[dice.randrange(len(flipped))] = dice.randrange(256)
        damaged.append(bytes(flipped))
    return damaged
