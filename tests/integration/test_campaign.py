"""A fixed slice of `just campaign`: stormy schedules with real processes, and the judge of them."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Event
from dropship.contracts.moments import parse
from dropship.contracts.money import Money
from integration.campaign.__main__ import opened
from integration.campaign.lane import Lane, Lived, in_turns
from integration.campaign.plan import plan_of
from integration.campaign.trouble import Killer
from integration.campaign.verdict import sent_wrongly
from integration.running import Homes

SEEDS = (171, 188, 192, 197)
"""Lost answers, doubled decisions and kills of both syncers are among them."""


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
