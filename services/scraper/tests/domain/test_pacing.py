"""How long a supplier is left alone."""

from datetime import UTC, datetime

import pytest

from dropship.scraper.domain.pacing import backoff_s, rest_s, retry_after_s
from dropship.scraper.domain.reading import PageKind

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_one_robot_check_is_an_accident_and_three_are_not() -> None:
    rests = [rest_s(PageKind.captcha, blocks, None) for blocks in (1, 2, 3, 4, 5, 50)]
    assert rests == [None, None, 30.0, 60.0, 120.0, 900.0]


def test_being_told_to_slow_down_counts_at_once() -> None:
    assert rest_s(PageKind.rate_limited, 1, None) == 30.0
    assert rest_s(PageKind.rate_limited, 1, 7.0) == 7.0


def test_no_supplier_is_left_alone_for_days() -> None:
    assert rest_s(PageKind.rate_limited, 1, 10**9) == 3600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, AT) == seconds


def test_waiting_grows_with_every_failure_but_not_for_ever() -> None:
    assert [backoff_s(n, 1.0) for n in (1, 2, 3, 30)] == [2.0, 4.0, 8.0, 60.0]
    assert backoff_s(5, 0.0) == 0.1
