"""Whatever the weather, a shop keeps its rules and comes to rest as it is wanted."""

import pytest

from campaign.__main__ import live
from campaign.schedule import run

SCHEDULES = 1_500
PER_TEST = 250
FOUND_BUGS = (34_119,)
"""Seeds beyond the slice that have found a bug. 107, 180 and 686 have too: looks too early."""


@pytest.mark.parametrize("first", range(0, SCHEDULES, PER_TEST))
def test_no_weather_makes_a_shop_break_its_rules(first: int) -> None:
    share = live(range(first, first + PER_TEST))
    assert not share.failures, "\n".join(share.failures)


def test_seeds_that_have_found_a_bug_find_none_any_more() -> None:
    share = live(FOUND_BUGS)
    assert not share.failures, "\n".join(share.failures)


def test_the_same_seed_is_the_same_schedule_to_the_last_step() -> None:
    for seed in (0, 43, 107, 499, 1793):
        assert run(seed) == run(seed)


def test_the_schedules_are_worth_living_through() -> None:
    share = live(range(50))
    assert share.writes > 50 * 8


def test_where_nothing_goes_wrong_a_sale_that_must_stop_stops_within_five_seconds() -> None:
    for seed in range(150):
        run(seed, in_fair_weather=True)
