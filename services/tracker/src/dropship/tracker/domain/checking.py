"""When a product is looked at again, and how many looks a source can bear now."""

from datetime import datetime, timedelta
from zlib import crc32

HORIZON_S = 60
"""Checks are released for at most so many seconds of a source's budget: what lags behind that means
missing workers and not an eager tracker."""
LATE_AFTER_S = 2 * HORIZON_S
"""A released check is worth nothing after this long and is due again."""
JITTER = 0.1
PATIENT_FAILURES = 3
MOST_DELAYED = 8


def next_check(
    answered_at: datetime, every_s: int, *, chance: float, failures: int = 0
) -> datetime:
    """When to look again after a look that ended at `answered_at`.

    `chance` in [0, 1) spreads checks by ±10 % of the interval, so that products imported together
    do not stay together. From the fourth failure in a row on the interval doubles, up to eightfold.
    """
    spread = 1 + JITTER * (2 * chance - 1)
    delay = min(2 ** max(0, failures - PATIENT_FAILURES), MOST_DELAYED)
    return answered_at + timedelta(seconds=every_s * spread * delay)


def chance_of(name: str) -> float:
    """A number in [0, 1) that is the same for the same name: replaying gives the same plan."""
    return crc32(name.encode()) / 2**32


def not_after(released_at: datetime) -> datetime:
    """Until when a released check is worth performing; then it is due again."""
    return released_at + timedelta(seconds=LATE_AFTER_S)


def releasable(
    looks_per_minute: int, *, promised_until: datetime | None, at: datetime, imports: int
) -> int:
    """How many checks of a source may be released at `at`.

    `promised_until` says until when its budget is given away; `imports` looks that are outstanding
    for imports come first.
    """
    start = max(promised_until or at, at)
    free_s = (at + timedelta(seconds=HORIZON_S) - start).total_seconds()
    return max(0, int(free_s * looks_per_minute / 60) - imports)


def promise(
    looks_per_minute: int, *, promised_until: datetime | None, at: datetime, looks: int
) -> datetime:
    """Until when the budget is given away once so many more looks are released."""
    start = max(promised_until or at, at)
    return start + timedelta(seconds=looks * 60 / looks_per_minute)
