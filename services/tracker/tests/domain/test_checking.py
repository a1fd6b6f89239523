"""When to look again, and how many looks a supplier bears."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dropship.tracker.domain.checking import (
    LATE_AFTER_S,
    chance_of,
    next_check,
    not_after,
    promise,
    releasable,
)

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@given(st.integers(1, 604_800), st.floats(0, 1, exclude_max=True))
def test_the_next_check_lies_within_a_tenth_of_the_interval(every_s: int, chance: float) -> None:
    delay_s = (next_check(NOON, every_s, chance=chance) - NOON).total_seconds()
    assert 0.9 * every_s - 1e-6 <= delay_s <= 1.1 * every_s + 1e-6


def test_three_failures_change_nothing_and_more_slow_the_checks_down() -> None:
    delays = [
        (next_check(NOON, 60, chance=0.5, failures=n) - NOON).total_seconds() for n in range(9)
    ]
    assert delays == [60, 60, 60, 60, 120, 240, 480, 480, 480]


def test_chance_is_the_same_for_the_same_look() -> None:
    assert chance_of("kettle/1") == chance_of("kettle/1")
    assert 0 <= chance_of("kettle/1") < 1


def test_a_released_check_is_late_after_two_minutes() -> None:
    assert not_after(NOON) == after(LATE_AFTER_S)


def test_a_fresh_source_bears_one_minute_of_its_budget() -> None:
    assert releasable(30, promised_until=None, at=NOON, imports=0) == 30


def test_imports_come_out_of_the_same_budget_first() -> None:
    assert releasable(30, promised_until=None, at=NOON, imports=12) == 18
    assert releasable(30, promised_until=None, at=NOON, imports=99) == 0


def test_what_is_promised_is_not_promised_again() -> None:
    until = promise(30, promised_until=None, at=NOON, looks=30)
    assert until == after(60)
    assert releasable(30, promised_until=until, at=NOON, imports=0) == 0
    assert releasable(30, promised_until=until, at=after(10), imports=0) == 5


@given(st.integers(1, 6000), st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_over_any_time_no_more_is_released_than_the_supplier_bears(
    looks_per_minute: int, pauses_s: list[int]
) -> None:
    at, until, released = NOON, None, 0
    for pause_s in pauses_s:
        at += timedelta(seconds=pause_s)
        looks = releasable(looks_per_minute, promised_until=until, at=at, imports=0)
        until = promise(looks_per_minute, promised_until=until, at=at, looks=looks)
        released += looks
    span_s = (at - NOON).total_seconds() + 60
    assert released <= span_s * looks_per_minute / 60 + 1e-6
