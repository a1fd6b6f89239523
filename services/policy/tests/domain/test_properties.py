"""What holds of every ruling, whatever the facts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate, pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts import money as wire
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.listings import Hold
from dropship.contracts.offers import Flag
from dropship.contracts.policies import (
    CostMoveRule,
    FloorRule,
    PauseRule,
    PriceRule,
    Rules,
    StockRule,
)
from dropship.policy.domain.deciding import decide
from dropship.policy.domain.differing import differs
from dropship.policy.domain.facts import Facts, Last, PolicyInForce, Ruling
from dropship.policy.domain.rerun import Record, differences, rerun
from dropship.pricing.breakdown import breakdown
from dropship.pricing.fees import schedule
from dropship.pricing.money import Money
from dropship.pricing.terms import Terms

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SUPPLY = {Hold.out_of_stock, Hold.vanished, Hold.unfit, Hold.no_price}


def dollars(most: int = 60_000) -> st.SearchStrategy[Money]:
    return st.integers(1, most).map(lambda minor: Money(minor, "USD"))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 7).flatmap(lambda chance: usual if chance else rare)


PRICE_RULES = st.builds(
    PriceRule,
    basis=st.sampled_from(["margin_on_price", "markup_on_cost", "roi", "fixed_profit"]),
    value=mostly(
        st.sampled_from(["0", "0.05", "0.2", "0.3333"]), st.sampled_from(["0.86", "0.98", "3"])
    ),
    endings=st.sampled_from([[], ["99"], ["95", "49"], ["999"]]),
    buyer_tax=st.sampled_from(["0", "0.0888"]),
    vat=st.sampled_from(["0", "0.20"]),
)
RULES = st.builds(
    Rules,
    price=PRICE_RULES,
    floor=st.builds(
        FloorRule,
        margin=st.sampled_from(["0", "0.05", "0.25", "0.9"]),
        min_price=mostly(
            maybe(st.just(wire.Money("9.00", "USD"))), st.just(wire.Money("9", "EUR"))
        ),
    ),
    stock=st.builds(
        StockRule,
        buffer=st.integers(0, 5),
        cap=st.integers(1, 30),
        percent=st.integers(1, 100),
        min_quantity=st.integers(1, 4),
        assumed_quantity=st.integers(1, 5),
        low_stock=st.integers(0, 5),
        max_ships_in_days=maybe(st.integers(0, 20)),
    ),
    pause=st.builds(
        PauseRule,
        resume_after_s=st.sampled_from([0, 60, 600]),
        resume_margin=st.sampled_from(["0", "0.01", "0.2"]),
        third_party_ok=st.booleans(),
    ),
    cost_move=st.builds(CostMoveRule, share=st.sampled_from(["0", "0.1", "0.5"])),
)
LASTS = st.builds(
    Last,
    price=maybe(dollars()),
    quantity=st.integers(0, 30),
    holds=st.lists(st.sampled_from([hold.value for hold in Hold]), unique=True).map(tuple),
    sold_here=st.booleans(),
)
FLAGS = st.lists(st.sampled_from([flag.value for flag in Flag]), max_size=2).map(tuple)
FACTS = st.builds(
    Facts,
    listing_id=st.just("a-listing"),
    product_id=st.just("a-kettle"),
    store_id=st.just("a-store"),
    currency=st.just("USD"),
    fee_schedule=mostly(
        st.sampled_from(["shopify-basic", "ebay-us", "ebay-us-jewelry"]), st.just("nobodys")
    ),
    override=mostly(st.none(), dollars(4000)),
    min_price=mostly(st.none(), dollars(3000)),
    max_price=mostly(st.none(), dollars(4000)),
    policy=mostly(st.builds(PolicyInForce, st.just("a-policy"), st.just(1), RULES), st.none()),
    cost=mostly(dollars(3000) | dollars(), st.sampled_from([None, Money(2000, "EUR")])),
    flags=mostly(st.just(()), FLAGS),
    availability=mostly(
        st.sampled_from([Availability.in_stock, Availability.low]),
        maybe(st.sampled_from(Availability)),
    ),
    stock=maybe(st.integers(0, 60)),
    quantity_kind=maybe(st.sampled_from(QuantityKind)),
    ships_in_days=mostly(st.none(), st.integers(0, 30)),
    sold=mostly(st.just(0), st.integers(1, 60)),
    vanished=mostly(st.just(False), st.just(True)),
    sellable_since=maybe(st.integers(0, 900).map(lambda ago: NOON - timedelta(seconds=ago))),
    previous_cost=maybe(dollars()),
    last=maybe(LASTS),
)


@given(FACTS)
def test_no_named_price_is_ever_under_the_floor(facts: Facts) -> None:
    ruling = decide(facts, NOON)
    if ruling.price is not None and ruling.floor is not None:
        assert ruling.floor <= ruling.price


@given(FACTS)
def test_nothing_is_sold_at_a_loss_or_over_its_maximum_or_without_a_floor(facts: Facts) -> None:
    ruling = decide(facts, NOON)
    if ruling.holds:
        return
    assert facts.policy is not None
    assert facts.cost is not None
    assert ruling.price is not None
    assert ruling.floor is not None
    price = facts.policy.rules.price
    terms = Terms(
        facts.cost,
        schedule(facts.fee_schedule, NOON.date()),
        buyer_tax=price.buyer_tax,
        vat=price.vat,
    )
    assert breakdown(terms, ruling.price).profit.minor >= 0
    assert breakdown(terms, ruling.floor).profit.minor >= 0
    assert facts.max_price is None or ruling.price <= facts.max_price
    assert facts.min_price is None or facts.min_price <= ruling.price


@given(FACTS)
def test_a_known_cost_has_a_floor_above_the_cost(facts: Facts) -> None:
    """Of the schedules and taxes tried here, none eats every price."""
    ruling = decide(facts, NOON)
    if facts.cost is not None and not {Hold.no_price, Hold.no_policy} & set(ruling.holds):
        assert ruling.floor is not None
        assert facts.cost < ruling.floor


@given(FACTS)
def test_a_hold_means_none_is_offered_and_no_hold_means_that_some_are(facts: Facts) -> None:
    ruling = decide(facts, NOON)
    unknown = facts.availability in (None, Availability.unknown)
    if ruling.holds:
        assert ruling.quantity == 0
    elif not unknown:
        assert ruling.quantity > 0
    else:
        assert ruling.quantity == (facts.last.quantity if facts.last else 0)


@given(FACTS)
def test_of_a_stated_number_never_more_is_offered_than_is_not_sold_yet(facts: Facts) -> None:
    ruling = decide(facts, NOON)
    known = facts.availability not in (None, Availability.unknown)
    exact = facts.quantity_kind in (None, QuantityKind.exact)
    if known and exact and facts.stock is not None:
        assert ruling.quantity <= max(0, facts.stock - facts.sold)


@given(FACTS)
def test_every_hold_is_in_order_and_has_its_alert(facts: Facts) -> None:
    ruling = decide(facts, NOON)
    kinds = [condition.kind.value for condition in ruling.conditions]
    assert list(ruling.holds) == sorted(set(ruling.holds))
    assert len(set(kinds)) == len(kinds)
    assert {hold.value for hold in ruling.holds} <= set(kinds)


@given(FACTS)
def test_every_sentence_is_whole(facts: Facts) -> None:
    for found in decide(facts, NOON).rules:
        assert found.said.endswith(".")
        assert "None" not in found.said


@given(FACTS, st.integers(-12, 12))
def test_the_same_facts_at_the_same_moment_rule_the_same_wherever_the_clock_hangs(
    facts: Facts, hours: int
) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=hours)))
    assert decide(facts, NOON) == decide(facts, NOON) == decide(facts, elsewhere)


@given(FACTS)
def test_a_recorded_decision_is_made_again_identically(facts: Facts) -> None:
    record = Record(facts=facts, at=NOON, ruling=decide(facts, NOON))
    read = msgspec.json.decode(msgspec.json.encode(record), type=Record)
    assert read == record
    assert msgspec.json.encode(rerun(read)) == msgspec.json.encode(record.ruling)
    assert differences(record.ruling, rerun(read)) == ()


@given(FACTS)
def test_deciding_again_at_once_says_nothing_new(facts: Facts) -> None:
    first = decide(facts, NOON)
    after = replace(
        facts, last=Last.of(first), sellable_since=first.sellable_since, previous_cost=None
    )
    second = decide(after, NOON)
    settled = replace(after, last=Last.of(second), sellable_since=second.sellable_since)
    assert not differs(second, decide(settled, NOON))
    assert second.holds == first.holds
    assert (second.floor, second.quantity) == (first.floor, first.quantity)


@given(FACTS, st.randoms(use_true_random=False))
def test_the_order_of_flags_and_their_repeats_do_not_matter(facts: Facts, chance: Any) -> None:
    flags = [*facts.flags, *facts.flags]
    chance.shuffle(flags)
    assert decide(facts, NOON) == decide(replace(facts, flags=tuple(flags)), NOON)


@given(
    cost=dollars(),
    stock=st.integers(0, 60),
    flags=st.sampled_from([(), ("used_only",)]),
)
def test_news_of_one_moment_lead_to_the_same_in_any_order(
    life: Callable[..., list[Ruling]], cost: Money, stock: int, flags: tuple[str, ...]
) -> None:
    priced, stocked = {"cost": cost, "flags": flags}, {"stock": stock}
    one = life([(0, {}), (1, priced), (1, stocked)])[-1]
    other = life([(0, {}), (1, stocked), (1, priced)])[-1]
    assert not differs(one, other)


GOOD: dict[str, Any] = {"stock": 50, "cost": "20.00", "flags": (), "vanished": False}
NEWS: list[dict[str, Any]] = [
    GOOD,
    {"stock": 0},
    {"cost": None},
    {"flags": ("used_only",)},
    {"vanished": True},
]
STEPS = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 4)), max_size=25)


@given(STEPS)
def test_a_supplier_who_wavers_never_makes_a_listing_flap(
    life: Callable[..., list[Ruling]], steps: list[tuple[int, int]]
) -> None:
    """It returns only after ten minutes without bad news, and it is off with every bad news."""
    moments = [0, *accumulate(gap for gap, _ in steps)]
    news = [GOOD, *(NEWS[number] for _, number in steps)]
    standing: dict[str, Any] = {}
    ill_at, held = -600, False
    for at, new, ruling in zip(
        moments, news, life(list(zip(moments, news, strict=True))), strict=True
    ):
        standing |= new
        if standing != GOOD:
            ill_at = at
            assert ruling.quantity == 0
        elif held and not ruling.holds:
            assert at - ill_at >= 600
        else:
            assert bool(ruling.holds) == held
        held = bool(ruling.holds)


@given(st.lists(st.integers(2032, 2075), min_size=1, max_size=30))
def test_a_cost_that_trembles_at_the_limit_never_makes_a_listing_flap(
    life: Callable[..., list[Ruling]], costs: list[int]
) -> None:
    """At a price of 21.45, costs up to 20.53 keep the floor, and all of these keep less than the
    one percent more that a pause ends with."""
    steps = [(n, {"cost": Money(cost, "USD")}) for n, cost in enumerate(costs)]
    rulings = life(steps, max_price="21.45")
    turns = sum(one.holds != two.holds for one, two in pairwise(rulings))
    assert turns <= 1


@given(st.lists(dollars(4000), min_size=1, max_size=20))
def test_a_low_margin_begins_and_ends_each_on_its_own_side_of_the_limit(
    life: Callable[..., list[Ruling]], costs: list[Money]
) -> None:
    limit = Money(2500, "USD")
    held = False
    rulings = life([(n, {"cost": cost}) for n, cost in enumerate(costs)], max_price=limit)
    for cost, ruling in zip(costs, rulings, strict=True):
        assert ruling.floor is not None
        if limit < ruling.floor:
            held = True
        elif _profit_at(limit, cost) * 100 >= limit.minor:
            held = False
        assert bool(ruling.holds) == held


def _profit_at(price: Money, cost: Money) -> int:
    terms = Terms(cost, schedule("shopify-basic", NOON.date()))
    return breakdown(terms, price).profit.minor
