"""Which days a question is about: whole UTC days, both ends included."""

from datetime import date, timedelta
from typing import NamedTuple

DAYS = 30
"""How many days a question covers when it does not say."""


class NoPeriod(ValueError):
    """The days asked for make no period; `field` names the one to blame."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class Period(NamedTuple):
    """From `since` to `until`, both included."""

    since: date
    until: date

    def days(self) -> list[date]:
        """Each of them, the oldest first."""
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]


def last_days(today: date, days: int) -> Period:
    """The last so many days, today included."""
    return Period(today - timedelta(days=days - 1), today)


def period(since: str | None, until: str | None, today: date) -> Period:
    """What was asked for; without `until` up to today, without `since` 30 days.

    Raises NoPeriod for a day that no calendar has and for an end before the beginning.
    """
    last = _day("until", until) if until else today
    first = _day("since", since) if since else None
    if first is None:
        return Period(date.fromordinal(max(last.toordinal() - DAYS + 1, 1)), last)
    if first > last:
        raise NoPeriod("since", f"{first} is after {last}")
    return Period(first, last)


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoPeriod(field, f"{text} is no day of the calendar") from None
