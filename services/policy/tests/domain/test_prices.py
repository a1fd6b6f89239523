"""What a thing is sold for, and below what it is not."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dropship.contracts import money as wire
from dropship.contracts.listings import Hold
from dropship.contracts.policies import FloorRule, PriceRule, Rules
from dropship.policy.domain import ground
from dropship.policy.domain.deciding import decide
from dropship.policy.domain.facts import Facts, Last, Ruling
from dropship.pricing.fees import schedule
from dropship.pricing.money import Money

Decided = Callable[..., Ruling]
RulesOf = Callable[..., Rules]
Usd = Callable[[str], Money]


def said(ruling: Ruling, rule: str) -> str:
    return next(found.said for found in ruling.rules if found.rule == rule)


@pytest.mark.parametrize(
    ("basis", "value", "price"),
    [
        ("margin_on_price", "0.20", "26.33"),
        ("markup_on_cost", "0.20", "25.03"),
        ("roi", "0.20", "25.03"),
        ("fixed_profit", "5.00", "26.06"),
    ],
)
def test_each_kind_of_target_has_its_own_price(
    decided: Decided, rules: RulesOf, usd: Usd, basis: Any, value: str, price: str
) -> None:
    ruling = decided(rules=rules(price=PriceRule(basis=basis, value=value)))
    assert ruling.price == usd(price)
    assert ruling.reasons[1] == f"target {basis} {value} at cost 20.00 USD: {price}"
    assert ruling.fee_schedule == "shopify-basic/2024-01-01"


def test_the_seller_reads_the_price_in_a_sentence_and_line_by_line(decided: Decided) -> None:
    ruling = decided()
    assert said(ruling, "target_price") == (
        "26.33 USD is the price at a cost of 20.00 USD: it leaves 20 % of the revenue, after fees."
    )
    assert said(ruling, "floor") == (
        "It is never offered under 20.91 USD: at a cost of 20.00 USD, less would lose money"
        " after fees."
    )
    assert ruling.breakdown[-2].startswith("= profit                           5.27 USD")


def test_a_blank_minimum_means_break_even_and_never_nothing(decided: Decided, usd: Usd) -> None:
    ruling = decided()
    assert ruling.floor == usd("20.91")
    assert ruling.reasons[0] == "floor break_even: 20.91 USD"


def test_the_floor_keeps_its_margin(decided: Decided, rules: RulesOf, usd: Usd) -> None:
    ruling = decided(rules=rules(floor=FloorRule(margin="0.10")))
    assert ruling.floor == usd("23.32")
    assert ruling.reasons[0] == "floor margin 0.10: 23.32 USD"


@pytest.mark.parametrize("of_the_policy", [True, False])
def test_a_typed_minimum_raises_floor_and_price(
    decided: Decided, rules: RulesOf, usd: Usd, of_the_policy: bool
) -> None:
    typed = wire.Money("40.00", "USD")
    ruling = (
        decided(rules=rules(floor=FloorRule(min_price=typed)))
        if of_the_policy
        else decided(min_price="40.00")
    )
    assert (ruling.floor, ruling.price, ruling.holds) == (usd("40.00"), usd("40.00"), ())
    assert ruling.reasons[0] == "floor min_price 40.00 USD: 40.00 USD"


def test_the_higher_of_two_minimums_counts(decided: Decided, rules: RulesOf, usd: Usd) -> None:
    floor = FloorRule(min_price=wire.Money("30.00", "USD"))
    assert decided(rules=rules(floor=floor), min_price="40.00").floor == usd("40.00")
    assert decided(rules=rules(floor=floor), min_price="22.00").floor == usd("30.00")


@pytest.mark.parametrize("typed", ["0.00", "0.01", "20.90"])
def test_a_typed_minimum_cannot_lower_the_floor_under_break_even(
    decided: Decided, usd: Usd, typed: str
) -> None:
    assert decided(min_price=typed).floor == usd("20.91")


def test_a_minimum_that_a_fee_step_makes_a_loss_counts_as_the_next_price_that_is_none(
    decided: Decided, usd: Usd
) -> None:
    held_to = {"fee_schedule": "ebay-us", "cost": "8.34", "min_price": "10.02"}
    ruling = decided(**held_to, max_price="10.05")
    assert ruling.floor is not None
    assert ruling.floor > usd("10.02")
    assert ruling.holds == (Hold.low_margin,)


def test_a_typed_price_is_taken_as_it_is(decided: Decided, usd: Usd) -> None:
    ruling = decided(override="31.11")
    assert (ruling.price, ruling.holds) == (usd("31.11"), ())
    assert "override 31.11 USD at cost 20.00 USD" in ruling.reasons


def test_a_typed_price_under_the_floor_is_not_offered(decided: Decided) -> None:
    ruling = decided(override="20.90")
    assert (ruling.price, ruling.quantity, ruling.holds) == (None, 0, (Hold.low_margin,))
    assert said(ruling, "pause") == (
        "The typed price of 20.90 USD does not keep the floor: at a cost of 20.00 USD that is"
        " 20.91 USD."
    )


def test_a_typed_price_in_a_hole_of_the_fees_is_not_offered(decided: Decided, usd: Usd) -> None:
    ruling = decided(fee_schedule="ebay-us", cost="8.34", override="10.02")
    assert ruling.floor is not None
    assert ruling.floor < usd("10.02")
    assert ruling.holds == (Hold.low_margin,)


def test_a_price_over_the_maximum_is_cut_down_to_it(decided: Decided, usd: Usd) -> None:
    ruling = decided(max_price="25.00")
    assert (ruling.price, ruling.holds) == (usd("25.00"), ())
    assert ruling.reasons[1:3] == (
        "target margin_on_price 0.20 at cost 20.00 USD: 26.33",
        "max_price 25.00 USD: 25.00",
    )


def test_a_typed_price_over_the_maximum_is_cut_down_as_well(decided: Decided, usd: Usd) -> None:
    assert decided(override="40.00", max_price="25.00").price == usd("25.00")


def test_a_maximum_in_a_hole_of_the_fees_gives_the_best_price_under_it(
    decided: Decided, usd: Usd
) -> None:
    ruling = decided(fee_schedule="ebay-us", cost="8.34", max_price="10.05")
    assert (ruling.price, ruling.holds) == (usd("10.00"), ())


def test_a_floor_over_the_maximum_pauses_rather_than_to_cost_more(
    decided: Decided, usd: Usd
) -> None:
    ruling = decided(max_price="20.90")
    assert (ruling.price, ruling.floor) == (None, usd("20.91"))
    assert (ruling.quantity, ruling.holds) == (0, (Hold.low_margin,))
    (alert,) = [one for one in ruling.conditions if one.kind == "low_margin"]
    assert alert.severity == "critical"
    assert alert.message == (
        "It may cost at most 20.90 USD, but at a cost of 20.00 USD the floor is 20.91 USD."
    )


def test_a_shop_window_price_is_tried_upwards_only(
    decided: Decided, rules: RulesOf, usd: Usd
) -> None:
    charming = rules(price=PriceRule(basis="margin_on_price", value="0.20", endings=["99"]))
    assert decided(rules=charming).price == usd("26.99")
    assert decided(rules=charming, max_price="26.50").price == usd("26.33")


def test_a_shop_window_price_in_a_hole_of_the_fees_is_passed_over(
    decided: Decided, rules: RulesOf, usd: Usd
) -> None:
    modest = PriceRule(basis="fixed_profit", value="0.10", endings=["05"])
    careful = rules(price=modest, floor=FloorRule(margin="0.02"))
    ruling = decided(fee_schedule="ebay-us", cost="8.10", rules=careful)
    assert (ruling.floor, ruling.price) == (usd("9.95"), usd("11.05"))


def test_a_target_that_fees_make_impossible_is_said_to_be(
    decided: Decided, rules: RulesOf, usd: Usd
) -> None:
    ruling = decided(rules=rules(price=PriceRule(basis="margin_on_price", value="0.98")))
    assert (ruling.price, ruling.floor, ruling.holds) == (None, usd("20.91"), (Hold.low_margin,))
    assert said(ruling, "target_price") == (
        "No price leaves 98 % of the revenue at a cost of 20.00 USD: fees, taxes and target"
        " exceed it."
    )


def test_a_floor_that_fees_make_impossible_falls_back_to_break_even_and_holds(
    decided: Decided, rules: RulesOf, usd: Usd
) -> None:
    ruling = decided(rules=rules(floor=FloorRule(margin="0.98")))
    assert (ruling.price, ruling.floor, ruling.holds) == (None, usd("20.91"), (Hold.low_margin,))


def test_taxes_that_eat_every_price_leave_no_floor_and_no_sale(
    decided: Decided, rules: RulesOf
) -> None:
    price = PriceRule(basis="fixed_profit", value="1", buyer_tax="99")
    ruling = decided(rules=rules(price=price))
    assert (ruling.price, ruling.floor, ruling.holds) == (None, None, (Hold.low_margin,))


def test_vat_is_inside_the_price(decided: Decided, rules: RulesOf, usd: Usd) -> None:
    with_vat = PriceRule(basis="margin_on_price", value="0.15", vat="0.20")
    without = PriceRule(basis="margin_on_price", value="0.15")
    dearer = decided(rules=rules(price=with_vat)).price
    assert dearer is not None
    assert decided(rules=rules(price=without)).price == usd("24.73")
    assert dearer > usd("29.00")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cost": None}, "no_price at cost unknown: cost unknown"),
        ({"cost": "0.00"}, "no_price at cost 0.00 USD: cost not positive"),
        ({"cost": Money(2000, "EUR")}, "no_price at cost 20.00 EUR: cost in another currency"),
        ({"fee_schedule": "nobodys"}, "no_price at cost 20.00 USD: fees unknown"),
        (
            {"currency": "EUR", "cost": Money(2000, "EUR")},
            "no_price at cost 20.00 EUR: fees in another currency",
        ),
        (
            {"min_price": Money(4000, "JPY")},
            "no_price at cost 20.00 USD: limit in another currency",
        ),
        (
            {"max_price": Money(4000, "JPY")},
            "no_price at cost 20.00 USD: limit in another currency",
        ),
        ({"override": Money(40, "JPY")}, "no_price at cost 20.00 USD: limit in another currency"),
    ],
)
def test_without_ground_for_a_price_nothing_is_guessed(
    decided: Decided, changes: dict[str, Any], why: str
) -> None:
    ruling = decided(**changes)
    assert (ruling.price, ruling.floor, ruling.quantity) == (None, None, 0)
    assert ruling.holds == (Hold.no_price,)
    assert ruling.reasons[0] == why


@pytest.mark.parametrize("typed", [wire.Money("10.00", "EUR"), wire.Money("10.005", "USD")])
def test_a_policys_minimum_that_cannot_be_compared_holds_rather_than_to_vanish(
    decided: Decided, rules: RulesOf, typed: wire.Money
) -> None:
    ruling = decided(rules=rules(floor=FloorRule(min_price=typed)))
    assert (ruling.quantity, ruling.holds) == (0, (Hold.no_price,))


def test_without_a_policy_nothing_is_sold(decided: Decided) -> None:
    ruling = decided(policy=None)
    assert (ruling.price, ruling.quantity, ruling.holds) == (None, 0, (Hold.no_policy,))
    assert [one.kind for one in ruling.conditions] == ["no_policy"]


def test_a_held_listing_keeps_its_last_price_unless_that_lies_under_the_floor(
    decided: Decided, usd: Usd
) -> None:
    last = Last(usd("26.33"), 10, ())
    assert decided(last=last, cost=None).price == usd("26.33")
    assert decided(last=last, policy=None).price == usd("26.33")
    assert decided(last=last, cost="30.00", max_price="28.00").price is None
    assert decided(last=last, override="5.00").price == usd("26.33")


def test_a_sold_out_thing_keeps_a_price_that_is_right(decided: Decided, usd: Usd) -> None:
    ruling = decided(stock=0, cost="30.00")
    assert (ruling.price, ruling.holds) == (usd("39.30"), (Hold.out_of_stock,))


def test_last_years_decision_is_made_with_last_years_fees(facts: Callable[..., Facts]) -> None:
    on_ebay = facts(fee_schedule="ebay-us")
    before = decide(on_ebay, datetime(2025, 2, 13, 23, 59, 59, tzinfo=UTC))
    after = decide(on_ebay, datetime(2025, 2, 14, tzinfo=UTC))
    assert before.fee_schedule == "ebay-us/2024-03-15"
    assert after.fee_schedule == "ebay-us/2025-02-14"
    assert before.price is not None
    assert after.price is not None
    assert before.price < after.price


def test_a_price_is_looked_at_again_on_the_day_its_fees_change(
    facts: Callable[..., Facts],
) -> None:
    ruling = decide(facts(fee_schedule="ebay-us"), datetime(2024, 12, 24, tzinfo=UTC))
    assert ruling.revisit_at == datetime(2025, 2, 14, tzinfo=UTC)
    newest = schedule("ebay-us", datetime(2099, 1, 1, tzinfo=UTC).date())
    after = datetime.combine(newest.effective_from, datetime.min.time(), UTC)
    assert ground.fees_change_at("ebay-us", after) is None
