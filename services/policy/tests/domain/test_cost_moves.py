"""A cost that moves is told, whichever way."""

from collections.abc import Callable

import pytest

from dropship.contracts.policies import CostMoveRule, Rules
from dropship.policy.domain.facts import Condition, Ruling
from dropship.pricing.money import Money

Decided = Callable[..., Ruling]


def told(ruling: Ruling) -> Condition | None:
    return next((one for one in ruling.conditions if one.kind == "cost_moved"), None)


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("20.00", "22.00", "warning"),
        ("20.00", "21.99", None),
        ("20.00", "18.00", "info"),
        ("20.00", "18.01", None),
        ("20.00", "10.00", "critical"),
        ("20.00", "0.01", "critical"),
        ("0.01", "20.00", "warning"),
        ("20.00", "20.00", None),
    ],
)
def test_a_move_of_a_tenth_is_told(
    decided: Decided, old: str, new: str, severity: str | None
) -> None:
    alert = told(decided(previous_cost=old, cost=new))
    assert (alert.severity if alert else None) == severity


def test_the_sentence_has_the_figures(decided: Decided) -> None:
    rise = told(decided(previous_cost="18.00", cost="24.00"))
    assert rise is not None
    assert rise.message == "The cost rose by 33.3 %, from 18.00 USD to 24.00 USD."
    assert (rise.threshold, rise.edge) == ("0.10", True)
    fall = told(decided(previous_cost="24.00", cost="0.24"))
    assert fall is not None
    assert fall.message == (
        "The cost fell by 99.0 %, from 24.00 USD to 0.24 USD: look whether it is still the same"
        " thing."
    )


def test_a_share_of_nothing_tells_every_move_but_no_standstill(
    decided: Decided, rules: Callable[..., Rules]
) -> None:
    every = rules(cost_move=CostMoveRule(share="0"))
    assert told(decided(previous_cost="20.00", cost="20.01", rules=every)) is not None
    assert told(decided(previous_cost="20.00", cost="20.00", rules=every)) is None


@pytest.mark.parametrize("previous", [None, "0.00", Money(2000, "EUR")])
def test_what_cannot_be_compared_is_no_move(decided: Decided, previous: str | Money | None) -> None:
    assert told(decided(previous_cost=previous)) is None
    assert told(decided(previous_cost="20.00", cost=None)) is None


def test_a_move_alone_changes_no_reason(decided: Decided) -> None:
    assert decided(previous_cost="10.00").reasons == decided().reasons
