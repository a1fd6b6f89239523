"""A fixed slice of `just campaign`: stormy schedules with real processes, and the judge of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Event
from dropship.contracts.money import Money
from integration.campaign.__main__ import opened
from integration.campaign.lane import Lane, Lived, in_turns
from integration.campaign.plan import plan_of
from integration.campaign.trouble import Killer
from integration.campaign.verdict import (
    listed_twice,
    sent_wrongly,
    sold_too_soon,
    written_wrongly,
)
from integration.running import Homes

SEEDS = (9, 12, 21, 23)
"""Lost answers, old decisions, a lagging shop, and kills of a syncer and of policy."""


@pytest.fixture(scope="module")
async def sellers(homes: Homes) -> AsyncIterator[tuple[list[Lane], Killer]]:
    with homes() as home:
        async with opened(home, len(SEEDS)) as ready:
            yield ready


async def test_in_stormy_weather_nothing_is_listed_twice_or_sold_at_a_loss_and_all_ends_as_wanted(
    sellers: tuple[list[Lane], Killer], reports: list[str]
) -> None:
    lanes, killer = sellers
    lived: list[Lived] = []
    await in_turns(lanes, map(plan_of, SEEDS), lived.append)
    assert not [wrong for one in lived for wrong in one.wrong]
    assert sum(one.unanswered for one in lived) > 0
    assert killer.struck
    reports += [str(one) for one in lived]


def decided(number: int, price: str, **more: Any) -> DecisionMade:
    facts: dict[str, Any] = {
        "floor": Money(amount="20.91", currency="USD"),
        "quantity": 5,
        "holds": (),
        **more,
    }
    return DecisionMade(
        listing_id="x",
        product_id="p",
        store_id="s",
        decision_no=number,
        price=Money(amount=price, currency="USD"),
        reasons=(),
        cost=Money(amount="20.00", currency="USD"),
        availability=Availability.in_stock,
        stock=40,
        policy_id=None,
        policy_version=None,
        fee_schedule=None,
        decided_at=datetime(2026, 11, 23, tzinfo=UTC),
        **facts,
    )


def price(minor: int) -> dict[str, Any]:
    return {"type": "set_price", "price": {"minor": minor, "currency": "USD"}}


def quantity(count: int) -> dict[str, Any]:
    return {**price(2633), "type": "set_quantity", "quantity": count}


GOOD, PENNY = decided(1, "26.33"), decided(2, "0.31")
HELD = decided(2, "26.33", holds=(Hold.out_of_stock,), quantity=0)


@pytest.mark.parametrize(
    ("intents", "decisions", "words"),
    [
        ([(price(2633), 1), (quantity(5), 1)], [GOOD], None),
        ([(price(2633), 2), (price(2633), 1)], [GOOD, decided(2, "26.33")], "after decision 2"),
        ([(price(2500), 1)], [GOOD], "it wanted 26.33"),
        ([(quantity(7), 1)], [GOOD], "it wanted 5"),
        ([(price(31), 2)], [GOOD, PENNY], "loses money"),
        ([(price(2633), 3)], [GOOD], "no such decision"),
        ([(price(2633), 2)], [GOOD, HELD], "it was held"),
        ([(quantity(0), 2), ({"type": "end"}, 2)], [GOOD, HELD], None),
    ],
)
def test_the_judge_sees_what_must_not_be_sent(
    intents: list[tuple[dict[str, Any], int]], decisions: list[Event], words: str | None
) -> None:
    rows = [("x", step, number) for step, number in intents]
    wrong = sent_wrongly(rows, {"x": decisions}, sold=())
    assert words in wrong[0] if words else wrong == []


@pytest.mark.parametrize(("count", "wrong"), [(0, 0), (1, 0), (4, 0), (5, 0), (6, 1)])
def test_after_a_sale_fewer_may_be_sent_and_never_more(count: int, wrong: int) -> None:
    rows = [("x", quantity(count), 1)]
    assert len(sent_wrongly(rows, {"x": [GOOD]}, sold={"x"})) == wrong
    fewer_unsold = 0 < count < 5
    assert len(sent_wrongly(rows, {"x": [GOOD]}, sold=())) == (1 if fewer_unsold else wrong)


def test_the_judge_sees_a_quantity_that_is_faster_than_its_price() -> None:
    def write(second: int, price: str, quantity: int) -> dict[str, Any]:
        at = f"2026-11-23T06:00:{second:02}Z"
        return {"listing": "x", "at": at, "price": price, "quantity": quantity}

    at = datetime(2026, 11, 23, 6, tzinfo=UTC)
    intents = [("x", quantity(5), 1, at)]
    right = [write(0, "20.00", 0), write(1, "26.33", 0), write(2, "26.33", 5)]
    assert sold_too_soon(right, intents, {"x": [GOOD]}) == []
    wrong = [write(0, "20.00", 0), write(1, "20.00", 5), write(2, "26.33", 5)]
    assert len(sold_too_soon(wrong, intents, {"x": [GOOD]})) == 1


@pytest.mark.parametrize(("shown", "wrong"), [("26.33", 0), ("26.32", 1), ("0.00", 1), (None, 0)])
def test_the_judge_sees_a_price_that_nobody_meant_be_it_nothing_at_all(
    shown: str | None, wrong: int
) -> None:
    write = {"listing": "x", "price": shown, "changed": True}
    assert len(written_wrongly([write], [("x", price(2633), 1)])) == wrong


def test_the_judge_sees_a_product_that_stands_there_twice() -> None:
    def write(listing: str, status: str) -> dict[str, Any]:
        return {"listing": listing, "status": status}

    listings = {"a": "p", "b": "p", "c": "q"}
    turns = [write("a", "ACTIVE"), write("a", "ARCHIVED"), write("b", "DRAFT")]
    assert listed_twice(listings, [*turns, write("c", "ACTIVE")]) == []
    assert listed_twice(listings, [write("a", "DRAFT"), write("b", "DRAFT")]) != []
