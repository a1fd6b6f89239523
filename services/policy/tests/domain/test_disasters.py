"""Two nights that cost sellers their shops, replayed: what the rules stop by themselves, and what
they leave to the last gate."""

from collections.abc import Callable

import pytest

from dropship.contracts import money as wire
from dropship.contracts.listings import Hold
from dropship.contracts.policies import FloorRule, Rules
from dropship.policy.domain.facts import Ruling
from dropship.pricing.money import Money

Decided = Callable[..., Ruling]
Life = Callable[..., list[Ruling]]
RulesOf = Callable[..., Rules]
Usd = Callable[[str], Money]

MINUTES = [(60.0 * minute, {"cost": "0.01"}) for minute in range(1, 61)]


def test_2012_a_blank_minimum_is_break_even_and_not_a_cent(decided: Decided, usd: Usd) -> None:
    assert decided(min_price=None).floor == usd("20.91")


@pytest.mark.parametrize("typed", ["0.00", "0.01"])
def test_2012_a_minimum_of_a_cent_is_break_even_too(
    decided: Decided, rules: RulesOf, usd: Usd, typed: str
) -> None:
    ruling = decided(rules=rules(floor=FloorRule(min_price=wire.Money(typed, "USD"))))
    assert (ruling.floor, ruling.price) == (usd("20.91"), usd("26.33"))


def test_2012_a_price_typed_as_a_cent_is_held_and_never_offered(decided: Decided) -> None:
    ruling = decided(override="0.01")
    assert (ruling.price, ruling.quantity, ruling.holds) == (None, 0, (Hold.low_margin,))


def test_2014_no_price_of_an_hour_of_penny_costs_is_under_a_typed_minimum(
    life: Life, usd: Usd
) -> None:
    rulings = life([(0, {}), *MINUTES], min_price="25.00")
    assert {ruling.price for ruling in rulings} == {usd("26.33"), usd("25.00")}


def test_2014_with_a_blank_minimum_the_price_follows_the_pennies_and_the_gate_must_stop_it(
    life: Life, usd: Usd
) -> None:
    """A cost of a cent may be true, so the rules believe it. The gate knows the live price: it
    refuses every single fall of more than 40 %, and this one is of 98 %."""
    before, *hour = life([(0, {}), *MINUTES])
    assert before.price == usd("26.33")
    for ruling in hour:
        assert ruling.price == usd("0.40")
        assert ruling.floor == usd("0.32")
        assert ruling.price.minor < before.price.minor * 60 // 100


def test_2014_the_fall_is_told_at_once_as_critical_and_the_return_is_told_as_well(
    life: Life, usd: Usd
) -> None:
    fall = {"cost": "0.01", "previous_cost": usd("20.00")}
    rise = {"cost": "20.00", "previous_cost": usd("0.01")}
    steps = [(0, {}), (60, fall), (120, {"previous_cost": None}), (3660, rise)]
    told = [
        [one.severity for one in ruling.conditions if one.kind == "cost_moved"]
        for ruling in life(steps)
    ]
    assert told == [[], ["critical"], [], ["warning"]]


def test_2014_a_cost_of_nothing_is_no_cost(life: Life, usd: Usd) -> None:
    before, after = life([(0, {}), (60, {"cost": "0.00"})])
    assert before.quantity == 10
    assert (after.price, after.quantity, after.holds) == (usd("26.33"), 0, (Hold.no_price,))
