"""What every test of the rules speaks of: a kettle that costs 20.00 and sells at 20 % margin."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dropship.contracts import money as wire
from dropship.contracts.availability import Availability
from dropship.contracts.policies import PriceRule, Rules
from dropship.policy.domain.deciding import decide
from dropship.policy.domain.facts import Facts, Last, PolicyInForce, Ruling
from dropship.pricing.money import Money, from_wire

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
AMOUNTS = frozenset({"cost", "override", "min_price", "max_price", "previous_cost"})
TWENTY_PERCENT = PriceRule(basis="margin_on_price", value="0.20")


def second(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def usd(text: str) -> Money:
    return from_wire(wire.Money(text, "USD"))


def some_rules(**sections: Any) -> Rules:
    return Rules(**{"price": TWENTY_PERCENT, **sections})


def amended(facts: Facts, changes: Mapping[str, Any]) -> Facts:
    """The facts with some of them changed; amounts may be texts in dollars, `rules` a policy's."""
    read: dict[str, Any] = {
        name: usd(value) if name in AMOUNTS and isinstance(value, str) else value
        for name, value in changes.items()
    }
    rules = read.pop("rules", None)
    if rules is not None:
        read["policy"] = PolicyInForce("a-policy", 1, rules)
    return replace(facts, **read)


def some_facts(**changes: Any) -> Facts:
    known = Facts(
        listing_id="a-listing",
        product_id="a-kettle",
        store_id="a-store",
        currency="USD",
        fee_schedule="shopify-basic",
        policy=PolicyInForce("a-policy", 1, some_rules()),
        cost=usd("20.00"),
        availability=Availability.in_stock,
        stock=50,
    )
    return amended(known, changes)


def lived(facts: Facts, steps: Iterable[tuple[float, Mapping[str, Any]]]) -> list[Ruling]:
    """The rulings of one listing, each looking back on the one before. A step is (second, what is
    new from then on)."""
    rulings = []
    for at, changes in steps:
        facts = amended(facts, changes)
        ruling = decide(facts, second(at))
        rulings.append(ruling)
        facts = replace(facts, last=Last.of(ruling), sellable_since=ruling.sellable_since)
    return rulings


@pytest.fixture(scope="session", name="second")
def _second() -> Callable[[float], datetime]:
    return second


@pytest.fixture(scope="session", name="usd")
def _usd() -> Callable[[str], Money]:
    return usd


@pytest.fixture(scope="session")
def rules() -> Callable[..., Rules]:
    return some_rules


@pytest.fixture(scope="session")
def facts() -> Callable[..., Facts]:
    return some_facts


@pytest.fixture(scope="session")
def decided() -> Callable[..., Ruling]:
    """The ruling at noon on a listing of which these things are special."""
    return lambda **changes: decide(some_facts(**changes), NOON)


@pytest.fixture(scope="session")
def life() -> Callable[..., list[Ruling]]:
    """The rulings of a listing that starts with some facts and to which steps happen."""
    return lambda steps, **changes: lived(some_facts(**changes), steps)
