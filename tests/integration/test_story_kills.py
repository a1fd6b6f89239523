"""Every program dies while the story is told; in the end the shop and the figures are the same."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from dropship.runtime.testing import eventually
from integration.running import BACK_S, SERVICES, Homes, Stack, dropship, strike
from integration.stories import (
    Books,
    Tale,
    beginning,
    comes_to_rest,
    everything_said,
    told,
    written_at_a_loss,
)

VICTIMS = (
    *("syncer/0", "policy/0", "nats", "tracker/0", "postgres", "scraper/0", "gateway/0"),
    "analytics/0",
)
LONGEST_S = 300.0


@dataclass(frozen=True)
class Survived:
    tale: Tale
    struck: Counter[str]


@pytest.fixture(scope="module")
async def survived(homes: Homes, reports: list[str]) -> AsyncIterator[Survived]:
    """The story as it is told while its programs are killed in turn, over and over."""
    with homes() as home:
        async with beginning(home) as process:
            struck: Counter[str] = Counter()
            killer = asyncio.create_task(_strikes(home, struck))
            try:
                tale = await told(process, home, LONGEST_S)
            finally:
                killer.cancel()
                await asyncio.gather(killer, return_exceptions=True)
            reports.append(f"the story was told in spite of {struck.total()} kills: {dict(struck)}")
            yield Survived(tale, struck)
            await tale.leaves()


async def _strikes(home: Path, struck: Counter[str]) -> None:
    """One victim after another; the next when the last is back."""
    stack = Stack(home)
    await eventually((home / "stack.json").exists, within_s=120, what="the stack")
    while True:
        for victim in VICTIMS:
            pid = stack.pids()[victim]
            strike(pid)
            struck[victim] += 1
            await eventually(
                partial(stack.is_back, victim, pid), within_s=BACK_S, what=f"the return of {victim}"
            )


async def test_every_program_was_killed_at_least_once_and_the_story_was_told(
    survived: Survived,
) -> None:
    assert set(survived.struck) == set(VICTIMS)
    steps = survived.tale.summary["steps"]
    assert steps["returned"]["price_first"] is True
    assert steps["captcha_storm"]["writes_during"] == 0


async def test_nothing_is_listed_twice_and_no_price_ever_lost_money(survived: Survived) -> None:
    await comes_to_rest(survived.tale.stack, within_s=90)
    ledger = await Books(survived.tale.stack).ledger()
    assert set(ledger["max_existing_per_sku"].values()) == {1}
    said = await everything_said(survived.tale.stack)
    assert written_at_a_loss(ledger, said) == []
    ids = [one.envelope.id for one in said]
    assert len(set(ids)) == len(ids)


async def test_the_figures_are_the_shop_s_own_to_the_cent(survived: Survived) -> None:
    stack = survived.tale.stack
    sums = (await Books(stack).ledger())["sums"]
    rows = await stack.sql(
        "SELECT sum(revenue_minor), sum(fees_minor), sum(cost_minor), sum(profit_minor)"
        " FROM analytics.marketplace_data"
    )
    revenue, fees, cost, profit = (Decimal(minor) / 100 for minor in rows[0])
    assert (revenue, fees) == (Decimal(str(sums["revenue"])), Decimal(str(sums["fees"])))
    assert profit == revenue - fees - cost
    done = await dropship("log", "rebuild", "analytics", "--home", str(stack.home))
    assert done.code == 0, done.said
    assert len(set(re.findall(r"[0-9a-f]{64}", done.said))) == 1, done.said


async def test_nothing_is_left_undone_or_given_up_after_the_kills(survived: Survived) -> None:
    stack = survived.tale.stack
    for service in SERVICES:
        assert await stack.sql(f"SELECT cause FROM {service}.parked") == [], service  # noqa: S608
    assert await stack.sql("SELECT cause FROM syncer.dead_commands") == []
    done = await dropship("log", "verify", "--home", str(stack.home))
    assert done.code == 0, done.said
