"""A policy that could never sell anything is named as such."""

from collections.abc import Callable
from typing import Any

import pytest

from dropship.contracts import money as wire
from dropship.contracts.policies import FloorRule, PauseRule, PriceRule, Rules, StockRule
from dropship.policy.domain.defining import faults


@pytest.mark.parametrize(
    ("sections", "fields"),
    [
        ({}, []),
        ({"price": PriceRule(basis="margin_on_price", value="1")}, ["price.value"]),
        ({"price": PriceRule(basis="markup_on_cost", value="1.5")}, []),
        ({"price": PriceRule(basis="fixed_profit", value="500")}, []),
        ({"floor": FloorRule(margin="20")}, ["floor.margin"]),
        ({"floor": FloorRule(margin="0.995")}, ["pause.resume_margin"]),
        ({"pause": PauseRule(resume_margin="1")}, ["pause.resume_margin"]),
        ({"floor": FloorRule(min_price=wire.Money("0.00", "USD"))}, ["floor.min_price"]),
        ({"floor": FloorRule(min_price=wire.Money("-5.00", "USD"))}, ["floor.min_price"]),
        ({"floor": FloorRule(min_price=wire.Money("5.005", "USD"))}, ["floor.min_price"]),
        ({"floor": FloorRule(min_price=wire.Money("5.00", "XXX"))}, ["floor.min_price"]),
        ({"stock": StockRule(cap=3, min_quantity=4)}, ["stock.min_quantity"]),
        (
            {"floor": FloorRule(margin="1"), "stock": StockRule(cap=1, min_quantity=2)},
            ["floor.margin", "stock.min_quantity"],
        ),
    ],
)
def test_senseless_figures_are_named_all_at_once(
    rules: Callable[..., Rules], sections: dict[str, Any], fields: list[str]
) -> None:
    assert [fault.field for fault in faults(rules(**sections))] == fields
