"""Bad news at once, good news when it has lasted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.contracts.policies import FloorRule, PauseRule, PriceRule, Rules
from dropship.policy.domain.facts import Ruling
from dropship.pricing.money import Money

Life = Callable[..., list[Ruling]]
RulesOf = Callable[..., Rules]
Second = Callable[[float], datetime]

GONE: dict[str, Any] = {"availability": Availability.out_of_stock, "stock": 0}
BACK: dict[str, Any] = {"availability": Availability.in_stock, "stock": 50}
UNREADABLE: dict[str, Any] = {"availability": Availability.unknown, "stock": None}


def quantities(rulings: list[Ruling]) -> list[int]:
    return [ruling.quantity for ruling in rulings]


def test_what_sells_out_is_gone_at_once_and_back_after_ten_quiet_minutes(
    life: Life, second: Second
) -> None:
    rulings = life([(0, {}), (10, GONE), (100, BACK), (699, {}), (700, {})])
    assert quantities(rulings) == [10, 0, 0, 0, 10]
    assert rulings[2].holds == (Hold.out_of_stock,)
    assert rulings[2].revisit_at == second(700)
    assert rulings[2].rules[-1].said == (
        "The offer is good again since 2026-06-01 12:01:40 UTC; it sells from 2026-06-01 12:11:40"
        " UTC if it lasts."
    )
    assert rulings[4].holds == ()
    assert rulings[4].revisit_at is None


def test_a_supplier_who_wavers_begins_the_wait_anew(life: Life, second: Second) -> None:
    rulings = life([(0, GONE), (100, BACK), (600, GONE), (650, BACK), (700, {}), (1250, {})])
    assert quantities(rulings) == [0, 0, 0, 0, 0, 10]
    assert rulings[3].revisit_at == second(1250)


def test_while_waiting_the_reasons_stand_still(life: Life) -> None:
    first, *later = life([(100, BACK), (200, {}), (300, {})], **GONE)
    assert later[0].reasons == later[1].reasons
    assert first.holds == ()


def test_what_our_own_sales_used_up_is_back_as_soon_as_the_supplier_has_more(life: Life) -> None:
    sold_out, restocked = {"sold": 2}, {"stock": 9, "sold": 0}
    rulings = life([(0, {}), (100, sold_out), (101, {}), (200, restocked)], stock=2)
    assert [ruling.holds for ruling in rulings] == [
        (),
        (Hold.out_of_stock,),
        (Hold.out_of_stock,),
        (),
    ]
    assert quantities(rulings) == [2, 0, 0, 9]
    assert rulings[2].revisit_at is None


def test_an_order_called_off_is_offered_again_at_once(life: Life) -> None:
    assert quantities(life([(0, {}), (1, {"sold": 2}), (2, {"sold": 1})], stock=2)) == [2, 0, 1]


def test_a_supplier_who_ran_out_is_waited_for_though_our_sales_came_between(life: Life) -> None:
    two = {"stock": 2, "availability": Availability.in_stock}
    steps = [(0, GONE), (100, two), (200, {"sold": 2}), (300, {"sold": 0}), (700, {})]
    rulings = life(steps)
    assert quantities(rulings) == [0, 0, 0, 0, 2]
    rulings = life([(0, {}), (1, {"sold": 2}), (2, GONE | {"sold": 0}), (3, two), (603, {})], **two)
    assert quantities(rulings) == [2, 0, 0, 0, 2]


def test_a_stock_nobody_can_read_keeps_what_our_sales_used_up(life: Life) -> None:
    steps = [(0, {}), (1, {"sold": 2}), (2, UNREADABLE), (3, BACK | {"stock": 9, "sold": 0})]
    rulings = life(steps, stock=2)
    assert [ruling.holds for ruling in rulings[1:3]] == [(Hold.out_of_stock,)] * 2
    assert quantities(rulings) == [2, 0, 0, 9]


def test_without_a_wait_it_is_back_at_once(life: Life, rules: RulesOf) -> None:
    hasty = rules(pause=PauseRule(resume_after_s=0))
    assert quantities(life([(0, {}), (1, GONE), (2, BACK)], rules=hasty)) == [10, 0, 10]


@pytest.mark.parametrize(
    ("bad", "good", "hold"),
    [
        ({"vanished": True}, {"vanished": False}, Hold.vanished),
        ({"flags": ("used_only",)}, {"flags": ()}, Hold.unfit),
        ({"cost": None}, {"cost": "20.00"}, Hold.no_price),
        ({"stock": 0}, {"stock": 50}, Hold.out_of_stock),
    ],
)
def test_every_pause_that_the_supplier_causes_is_waited_out(
    life: Life, bad: dict[str, Any], good: dict[str, Any], hold: Hold
) -> None:
    rulings = life([(0, {}), (10, bad), (20, good), (619, {}), (620, {})])
    assert quantities(rulings) == [10, 0, 0, 0, 10]
    assert [ruling.holds for ruling in rulings] == [(), (hold,), (hold,), (hold,), ()]


def test_a_new_listing_does_not_wait_for_its_first_price(life: Life) -> None:
    rulings = life([(0, {}), (1, {"cost": "20.00"})], cost=None, availability=None, stock=None)
    assert [ruling.holds for ruling in rulings] == [(Hold.no_price,), ()]
    assert quantities(life([(0, {}), (1, {"cost": "20.00"})], cost=None)) == [0, 10]


def test_a_stock_nobody_can_read_neither_ends_a_pause_nor_breaks_a_wait(
    life: Life, second: Second
) -> None:
    rulings = life([(0, GONE), (100, BACK), (200, UNREADABLE), (900, {}), (901, BACK)])
    assert [ruling.holds for ruling in rulings[:4]] == [(Hold.out_of_stock,)] * 4
    assert rulings[3].sellable_since == second(100)
    assert rulings[4].quantity == 10


def test_a_cost_over_the_maximum_pauses_and_a_cost_well_under_it_resumes(life: Life) -> None:
    rulings = life([(0, {}), (1, {"cost": "25.00"}), (2, {"cost": "20.00"})], max_price="26.00")
    assert quantities(rulings) == [10, 0, 10]
    assert rulings[1].holds == (Hold.low_margin,)


def test_a_low_margin_ends_only_with_a_little_to_spare(
    life: Life, rules: RulesOf, usd: Callable[[str], Money]
) -> None:
    careful = rules(floor=FloorRule(margin="0.05"), pause=PauseRule(resume_margin="0.02"))
    steps = [(0, {}), (1, {"cost": "23.00"}), (2, {"cost": "22.70"}), (3, {"cost": "22.20"})]
    rulings = life(steps, rules=careful, max_price="25.00")
    assert [ruling.holds for ruling in rulings] == [(), (Hold.low_margin,), (Hold.low_margin,), ()]
    assert rulings[2].floor == usd("24.97")
    assert "low_margin kept: resume_margin 0.02" in rulings[2].reasons


def test_a_typed_price_resumes_only_with_a_little_to_spare_as_well(life: Life) -> None:
    steps = [(0, {}), (1, {"override": "21.00"}), (2, {"override": "21.20"})]
    rulings = life(steps, override="20.00")
    assert [ruling.holds for ruling in rulings] == [(Hold.low_margin,), (Hold.low_margin,), ()]


def test_a_low_margin_does_not_end_while_the_cost_is_unknown(life: Life) -> None:
    steps = [(0, {}), (1, {"cost": None}), (2, {"cost": "30.00"})]
    rulings = life(steps, max_price="25.00", cost="30.00")
    assert rulings[1].holds == (Hold.low_margin, Hold.no_price)
    assert Hold.low_margin in rulings[2].holds


def test_an_impossible_target_ends_with_another_policy(life: Life, rules: RulesOf) -> None:
    impossible = rules(price=PriceRule(basis="margin_on_price", value="0.98"))
    rulings = life([(0, {}), (1, {"rules": rules()})], rules=impossible)
    assert [ruling.holds for ruling in rulings] == [(Hold.low_margin,), ()]


def test_each_cause_holds_by_itself(life: Life) -> None:
    (ruling,) = life([(0, {})], flags=("used_only",), max_price="5.00", **GONE)
    assert ruling.holds == (Hold.low_margin, Hold.out_of_stock, Hold.unfit)
    assert {one.kind.value for one in ruling.conditions if one.raises} == set(ruling.holds)


def test_a_missing_price_beside_an_empty_stock_is_told_once(life: Life) -> None:
    (ruling,) = life([(0, {})], cost=None, **GONE)
    assert ruling.holds == (Hold.no_price, Hold.out_of_stock)
    assert [one.kind.value for one in ruling.conditions if one.raises] == ["out_of_stock"]


def test_while_it_waits_nothing_new_is_told(life: Life) -> None:
    rulings = life([(0, GONE), (100, BACK)])
    assert [(one.kind.value, one.raises) for one in rulings[1].conditions] == [
        ("out_of_stock", False)
    ]
