"""Days are whole, both ends count, and nonsense is refused by the name of its field."""

from datetime import date

import pytest

from dropship.analytics.domain.margins import margin
from dropship.analytics.domain.periods import NoPeriod, last_days, period

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ("2026-01-31", "2026-03-01")),
        ("2026-02-27", None, ("2026-02-27", "2026-03-01")),
        (None, "2026-01-30", ("2026-01-01", "2026-01-30")),
        ("2026-01-01", "2026-01-01", ("2026-01-01", "2026-01-01")),
        (None, "0001-01-02", ("0001-01-01", "0001-01-02")),
    ],
)
def test_without_an_end_it_is_today_and_without_a_beginning_thirty_days(
    since: str | None, until: str | None, expected: tuple[str, str]
) -> None:
    assert tuple(map(str, period(since, until, TODAY))) == expected


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("2026-02-30", None, "since"),
        (None, "2026-13-01", "until"),
        ("2026-03-02", "2026-03-01", "since"),
        ("2026-03-02", None, "since"),
    ],
)
def test_what_is_no_period_is_refused_by_name(
    since: str | None, until: str | None, field: str
) -> None:
    with pytest.raises(NoPeriod) as refused:
        period(since, until, TODAY)
    assert refused.value.field == field


def test_the_last_days_end_today() -> None:
    assert last_days(TODAY, 1).days() == [TODAY]
    days = last_days(TODAY, 30).days()
    assert (len(days), str(days[0]), days[-1]) == (30, "2026-01-31", TODAY)


@pytest.mark.parametrize(
    ("profit", "sold", "share"),
    [
        (527, 2633, "0.2002"),
        (-100, 50, "-2.0000"),
        (0, 1, "0.0000"),
        (-1, 10**6, "0.0000"),
        (5, 0, None),
        (5, -1, None),
    ],
)
def test_a_margin_is_a_share_of_what_was_sold(profit: int, sold: int, share: str | None) -> None:
    assert margin(profit, sold) == share
