"""Shopify keeps the promises of the port, and what is sent to it fits its own schema."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dropship.runtime.testing.prepared import Answer
from dropship.syncer.adapters import shopify, shopify_client
from dropship.syncer.adapters.conformance import MarketplaceConformance
from dropship.syncer.adapters.errors import (
    MarketplaceError,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from dropship.syncer.adapters.shopify_budget import Budget, Cost, ThrottleStatus
from dropship.syncer.adapters.shopify_documents import ALL, API_VERSION, Document

SPECS = Path(__file__).parents[5] / "shared" / "specs" / "shopify"
SCHEMA = SPECS / f"admin_{API_VERSION}.json.gz"
HERE = Path(__file__).parent / "shopify"


class TestShopify(MarketplaceConformance):
    plugin = staticmethod(shopify.plugin)
    recordings = HERE


@cache
def schema() -> Any:
    graphql = pytest.importorskip("graphql", reason="graphql-core is not installed")
    if not SCHEMA.is_file():
        pytest.skip("Shopify's schema is not beside the repository (../shared/specs/shopify)")
    described = msgspec.json.decode(gzip.decompress(SCHEMA.read_bytes()))
    return graphql.build_client_schema(described["data"], assume_valid=True)


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_every_document_fits_shopify_s_own_schema(document: Document) -> None:
    graphql = pytest.importorskip("graphql", reason="graphql-core is not installed")
    parsed = graphql.parse(document.text)
    assert [error.message for error in graphql.validate(schema(), parsed)] == []
    (operation, *_) = parsed.definitions
    assert operation.operation.value == ("mutation" if document.writes else "query")
    assert operation.name.value == document.name


async def test_everything_sent_with_them_fits_it_too() -> None:
    graphql = pytest.importorskip("graphql", reason="graphql-core is not installed")
    suite = TestShopify()
    seen = set()
    for case in suite.scene().cases:
        async with suite._plugged_in(suite._answers(case)) as (market, server):
            await suite._called(market, case)
        for asked in server.asked:
            body = msgspec.json.decode(asked.body)
            (operation, *_) = graphql.parse(body["query"]).definitions
            found = graphql.get_variable_values(
                schema(), operation.variable_definitions or (), body["variables"]
            )
            assert not isinstance(found, list), (case.name, found)
            assert set(body) == {"query", "variables"}
            assert asked.path.endswith(f"/admin/api/{API_VERSION}/graphql.json")
            assert asked.headers["x-shopify-access-token"]
            seen.add(operation.name.value)
    assert seen == {document.name for document in ALL}


def test_nothing_about_a_buyer_is_asked_for() -> None:
    personal = ("customer", "email", "phone", "address", "clientip", "note", "billing", "receipt")
    for document in ALL:
        assert not [word for word in personal if word in document.text.lower()], document.name


async def test_a_quantity_is_set_once_and_from_what_was_seen_but_a_pause_from_anything() -> None:
    suite = TestShopify()
    case = next(c for c in suite.scene().cases if c.call == "set_quantity")
    keys = []
    for quantity, believed in ((0, None), (4, 3), (4, 3), (5, 3)):
        given = msgspec.structs.replace(case, given={"quantity": quantity})
        async with suite._plugged_in(suite._answers(case)) as (market, server):
            await suite._called(market, given)
        variables = msgspec.json.decode(server.asked[0].body)["variables"]
        assert variables["input"]["quantities"][0]["changeFromQuantity"] == believed
        keys.append(variables["key"])
    assert keys[1] == keys[2], "the same effect from the same sight has one key"
    assert len({*keys}) == 3, "Shopify refuses a key that comes with other arguments"


@pytest.mark.parametrize(("method", "error"), [("end", OutcomeUnknown), ("find", Unavailable)])
async def test_silence_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, method: str, error: type[MarketplaceError]
) -> None:
    monkeypatch.setattr(shopify_client, "TIMEOUT_S", 0.05)
    suite = TestShopify()
    told = await suite._told(suite._good(method), [Answer(is_silent=True)])
    assert isinstance(told, error), told


async def test_a_cost_told_in_another_way_does_not_spoil_the_answer() -> None:
    suite = TestShopify()
    case = suite._good("end")
    (answer,) = suite._answers(case)
    strange: list[Any] = [{}, {"cost": None}, {"cost": {"requestedQueryCost": "ten"}}, [], None]
    for extensions in strange:
        body = msgspec.json.decode(answer.body) | {"extensions": extensions}
        told = await suite._told(case, [Answer(body=msgspec.json.encode(body))])
        assert not isinstance(told, MarketplaceError), told


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


def test_a_call_that_would_be_refused_is_not_made() -> None:
    clock = Hand()
    budget = Budget(clock)
    with budget.spending("store", "Find"):
        budget.told("store", "Find", Cost(40, ThrottleStatus(100, 50, 10)))
    under_way = budget.spending("store", "Find")
    with under_way, pytest.raises(Throttled) as caught, budget.spending("store", "Find"):
        pass
    assert caught.value.after_s == 3, "40 are needed, 10 are left while 40 are under way"
    budget.told("store", "Find", Cost(40, ThrottleStatus(100, 0, 10)))
    with pytest.raises(Throttled) as caught, budget.spending("store", "Find"):
        pass
    assert caught.value.after_s == 4
    with budget.spending("another", "Find"):
        pass
    clock.at_s = 4.0
    with budget.spending("store", "Find"):
        pass


def test_the_rate_is_the_one_that_the_answer_told() -> None:
    assert Cost(400, ThrottleStatus(1000, 100, 50)).wait_s() == 6
    assert Cost(400, ThrottleStatus(1000, 100, 500)).wait_s() == 0.6
    assert Cost(400, ThrottleStatus(1000, 500, 50)).wait_s() == 0
