"""What is offered of what the supplier has: the table that every row of stock is read by."""

from collections.abc import Callable
from typing import Any

import pytest

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.listings import Hold
from dropship.contracts.offers import Flag
from dropship.contracts.policies import PauseRule, Rules, StockRule
from dropship.policy.domain.facts import Condition, Last, Ruling
from dropship.pricing.money import Money

Decided = Callable[..., Ruling]
RulesOf = Callable[..., Rules]


def low_stock(ruling: Ruling) -> Condition | None:
    return next((one for one in ruling.conditions if one.kind == "low_stock"), None)


@pytest.mark.parametrize(
    ("has", "rule", "offered"),
    [
        (50, StockRule(), 10),
        (7, StockRule(), 7),
        (7, StockRule(cap=5), 5),
        (7, StockRule(buffer=2), 5),
        (7, StockRule(percent=50), 3),
        (50, StockRule(percent=50, buffer=5, cap=100), 20),
        (50, StockRule(percent=1, cap=100, min_quantity=1), 0),
        (1, StockRule(percent=99), 0),
        (2, StockRule(buffer=2), 0),
        (2, StockRule(buffer=5), 0),
        (4, StockRule(min_quantity=5), 0),
        (5, StockRule(min_quantity=5), 5),
        (0, StockRule(), 0),
    ],
)
def test_of_a_counted_stock_a_share_less_the_buffer_is_offered_up_to_the_cap(
    decided: Decided, rules: RulesOf, has: int, rule: StockRule, offered: int
) -> None:
    ruling = decided(stock=has, rules=rules(stock=rule))
    assert ruling.quantity == offered
    assert ruling.holds == (() if offered else (Hold.out_of_stock,))


def test_in_stock_without_a_number_offers_the_assumed_few(decided: Decided, rules: RulesOf) -> None:
    assert decided(stock=None).quantity == 1
    assert decided(stock=None, rules=rules(stock=StockRule(assumed_quantity=4))).quantity == 4
    capped = StockRule(assumed_quantity=400, cap=3)
    assert decided(stock=None, rules=rules(stock=capped)).quantity == 3
    wary = StockRule(buffer=9, min_quantity=5)
    assert decided(stock=None, rules=rules(stock=wary)).quantity == 1


def test_a_number_that_was_only_assumed_is_no_number(decided: Decided) -> None:
    assert decided(stock=999, quantity_kind=QuantityKind.assumed).quantity == 1


def test_only_three_left_offers_three(decided: Decided) -> None:
    ruling = decided(availability=Availability.low, stock=3, quantity_kind=QuantityKind.exact)
    assert (ruling.quantity, ruling.holds) == (3, ())


def test_more_than_ten_counts_as_ten(decided: Decided, rules: RulesOf) -> None:
    generous = rules(stock=StockRule(cap=100))
    ruling = decided(stock=10, quantity_kind=QuantityKind.at_least, rules=generous)
    assert ruling.quantity == 10
    assert "stock in_stock 10: 10" in ruling.reasons


@pytest.mark.parametrize(
    ("has", "sold", "rule", "offered"),
    [
        (2, 1, StockRule(), 1),
        (2, 2, StockRule(), 0),
        (2, 4, StockRule(), 0),
        (50, 3, StockRule(), 10),
        (50, 45, StockRule(), 5),
        (7, 3, StockRule(buffer=2), 2),
        (7, 2, StockRule(percent=50), 1),
        (7, 3, StockRule(min_quantity=5), 0),
    ],
)
@pytest.mark.parametrize("kind", [None, QuantityKind.exact])
def test_what_is_sold_here_is_not_offered_again_while_the_supplier_s_number_stands(
    decided: Decided,
    rules: RulesOf,
    has: int,
    sold: int,
    rule: StockRule,
    offered: int,
    kind: QuantityKind | None,
) -> None:
    ruling = decided(stock=has, sold=sold, quantity_kind=kind, rules=rules(stock=rule))
    assert ruling.quantity == offered
    assert ruling.holds == (() if offered else (Hold.out_of_stock,))
    assert ruling.sold_here == (not offered)


@pytest.mark.parametrize(
    "unstated",
    [
        {"stock": None},
        {"quantity_kind": QuantityKind.assumed},
        {"stock": 10, "quantity_kind": QuantityKind.at_least},
    ],
)
def test_where_no_exact_number_is_stated_nothing_is_taken_off(
    decided: Decided, unstated: dict[str, Any]
) -> None:
    assert decided(sold=9, **unstated) == decided(**unstated)


def test_every_sale_of_a_stated_number_is_a_reason_and_so_is_news(decided: Decided) -> None:
    assert "stock in_stock 5 - 2 sold: 3" in decided(stock=5, sold=2).reasons
    assert "stock in_stock 2 - 2 sold: 0 under 1" in decided(stock=2, sold=2).reasons
    assert decided(stock=2, sold=2).reasons != decided(stock=2, sold=3).reasons


def test_of_a_stock_that_fills_the_cap_a_sale_is_no_news(decided: Decided) -> None:
    assert decided(stock=50, sold=3).reasons == decided(stock=50).reasons


def test_what_the_supplier_lacks_anyway_is_not_put_down_to_our_sales(
    decided: Decided, rules: RulesOf
) -> None:
    for has, rule in ((0, StockRule()), (2, StockRule(buffer=2)), (4, StockRule(min_quantity=5))):
        ruling = decided(stock=has, sold=1, rules=rules(stock=rule))
        assert (ruling.holds, ruling.sold_here) == ((Hold.out_of_stock,), False)


@pytest.mark.parametrize("seen", [Availability.backorder, Availability.made_to_order])
@pytest.mark.parametrize(
    ("ships", "allowed", "offered"),
    [(7, 7, 1), (8, 7, 0), (7, None, 0), (None, 7, 0), (0, 0, 1), (None, None, 0)],
)
def test_what_ships_later_is_offered_only_within_the_days_allowed(
    decided: Decided,
    rules: RulesOf,
    seen: Availability,
    ships: int | None,
    allowed: int | None,
    offered: int,
) -> None:
    rule = rules(stock=StockRule(max_ships_in_days=allowed))
    ruling = decided(availability=seen, stock=None, ships_in_days=ships, rules=rule)
    assert ruling.quantity == offered
    assert ruling.holds == (() if offered else (Hold.out_of_stock,))


def test_what_is_in_stock_but_ships_too_late_is_not_offered_either(
    decided: Decided, rules: RulesOf
) -> None:
    rule = rules(stock=StockRule(max_ships_in_days=7))
    assert decided(ships_in_days=21, rules=rule).holds == (Hold.out_of_stock,)
    assert decided(ships_in_days=7, rules=rule).holds == ()
    assert decided(ships_in_days=21).holds == ()


@pytest.mark.parametrize(
    ("seen", "hold"),
    [
        (Availability.preorder, Hold.out_of_stock),
        (Availability.in_store_only, Hold.out_of_stock),
        (Availability.out_of_stock, Hold.out_of_stock),
        (Availability.discontinued, Hold.vanished),
    ],
)
@pytest.mark.parametrize("number", [None, 0, 5])
def test_what_cannot_be_bought_now_is_at_zero_at_once(
    decided: Decided,
    usd: Callable[[str], Money],
    seen: Availability,
    hold: Hold,
    number: int | None,
) -> None:
    selling = Last(usd("26.33"), 10, ())
    ruling = decided(availability=seen, stock=number, last=selling)
    assert (ruling.quantity, ruling.holds) == (0, (hold,))
    assert [(one.kind.value, one.raises) for one in ruling.conditions] == [
        ("low_stock", False),
        (hold.value, True),
    ]


def test_a_page_that_is_gone_is_at_zero_whatever_it_said_before(decided: Decided) -> None:
    ruling = decided(vanished=True)
    assert (ruling.quantity, ruling.holds) == (0, (Hold.vanished,))


@pytest.mark.parametrize("seen", [Availability.unknown, None])
@pytest.mark.parametrize(
    ("quantity", "holds"), [(10, ()), (1, ()), (0, ("out_of_stock",)), (0, ("vanished",))]
)
def test_a_stock_nobody_could_read_changes_nothing(
    decided: Decided,
    usd: Callable[[str], Money],
    seen: Availability | None,
    quantity: int,
    holds: tuple[str, ...],
) -> None:
    last = Last(usd("26.33"), quantity, holds)
    ruling = decided(availability=seen, stock=None, last=last)
    assert Last.of(ruling) == last
    assert not any(one.raises for one in ruling.conditions)


def test_a_stock_nobody_ever_read_offers_nothing_and_blames_nobody(decided: Decided) -> None:
    ruling = decided(availability=None, stock=None)
    assert (ruling.quantity, ruling.holds) == (0, ())


@pytest.mark.parametrize(
    "flag",
    [
        Flag.used_only,
        Flag.no_featured_offer,
        Flag.other_product,
        Flag.members_only_price,
        Flag.price_range,
        Flag.third_party,
    ],
)
def test_an_offer_that_is_not_fit_to_resell_is_held(decided: Decided, flag: Flag) -> None:
    ruling = decided(flags=(flag.value,))
    assert (ruling.quantity, ruling.holds) == (0, (Hold.unfit,))
    assert f"unfit {flag.value}" in ruling.reasons
    assert [one.kind.value for one in ruling.conditions] == ["unfit"]


def test_a_third_party_is_fit_where_the_policy_allows_it(decided: Decided, rules: RulesOf) -> None:
    allowing = rules(pause=PauseRule(third_party_ok=True))
    assert decided(flags=("third_party",), rules=allowing).holds == ()
    both = decided(flags=("third_party", "used_only"), rules=allowing)
    assert "unfit used_only" in both.reasons


def test_a_flag_nobody_has_heard_of_is_held(decided: Decided) -> None:
    assert decided(flags=("haunted",)).holds == (Hold.unfit,)


@pytest.mark.parametrize(
    ("has", "kind", "raised"),
    [
        (1, None, True),
        (3, QuantityKind.exact, True),
        (3, QuantityKind.at_least, False),
        (4, None, False),
    ],
)
def test_a_low_stock_is_told_from_the_threshold_down(
    decided: Decided, has: int, kind: QuantityKind | None, raised: bool
) -> None:
    alert = low_stock(decided(stock=has, quantity_kind=kind))
    assert alert is not None
    assert (alert.raises, alert.threshold) == (raised, "3")
    assert alert.message == f"The supplier has {has} left."


def test_a_low_stock_is_over_only_when_stock_is_clearly_more(decided: Decided) -> None:
    assert low_stock(decided(stock=4)) is not None
    assert low_stock(decided(stock=5)) is None


def test_few_left_without_a_number_is_low(decided: Decided, rules: RulesOf) -> None:
    alert = low_stock(decided(availability=Availability.low, stock=None))
    assert alert is not None
    assert alert.raises
    silent = rules(stock=StockRule(low_stock=0))
    assert low_stock(decided(availability=Availability.low, stock=None, rules=silent)) is None
    assert low_stock(decided(stock=1, rules=silent)) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stock": 7}, "The supplier has 7: 7 offered, at most 10."),
        (
            {"stock": 7, "quantity_kind": QuantityKind.at_least},
            "The supplier has at least 7: 7 offered, at most 10.",
        ),
        (
            {"stock": 2, "sold": 2},
            "The supplier shows 2, of which 2 are sold here and perhaps not yet bought there:"
            " 0 could be offered, and under 1 none is.",
        ),
        (
            {"stock": 5, "sold": 1},
            "The supplier shows 5, of which 1 is sold here and perhaps not yet bought"
            " there: 4 offered, at most 10.",
        ),
        (
            {"stock": 1, "sold": 3},
            "The supplier shows 1, and 3 are sold here and perhaps not yet bought there:"
            " 0 could be offered, and under 1 none is.",
        ),
        ({"stock": None}, "The supplier names no number: 1 offered."),
        ({"availability": Availability.out_of_stock}, "The supplier has sold out."),
        (
            {"availability": Availability.backorder, "ships_in_days": 9},
            "It is on back-order and ships in 9 days; the policy allows no waiting.",
        ),
        (
            {"availability": Availability.unknown},
            "What the supplier has is not known: it stays at 0.",
        ),
    ],
)
def test_the_seller_reads_the_stock_in_a_sentence(
    decided: Decided, changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in [found.said for found in decided(**changes).rules if found.rule == "stock"]


def test_the_sentence_names_share_buffer_and_minimum(decided: Decided, rules: RulesOf) -> None:
    rule = rules(stock=StockRule(percent=50, buffer=2, min_quantity=5))
    ruling = decided(stock=10, rules=rule)
    (found,) = [each for each in ruling.rules if each.rule == "stock"]
    assert found.said == (
        "The supplier has 10 (50 % of it, 2 kept back): 3 could be offered, and under 5 none is."
    )
    assert "stock in_stock 10 x 50 % - 2: 3 under 5" in ruling.reasons
