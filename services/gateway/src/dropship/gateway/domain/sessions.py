"""How long a sign-in lasts, and what a refresh token is still worth.

A refresh token is good for one use. Its second use means that two parties hold it, and nobody can
tell which of them is the thief, so the whole session ends.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

ACCESS = timedelta(minutes=15)
IDLE = timedelta(days=30)
"""A session that is not refreshed for so long is over."""
LONGEST = timedelta(days=90)
"""However busy it is, a session is over after so long and its user must show the password again."""


class Verdict(StrEnum):
    """What a refresh token is worth."""

    good = "good"
    unknown = "unknown"
    expired = "expired"
    revoked = "revoked"
    reused = "reused"


class Shown(Struct, frozen=True, kw_only=True):
    """A refresh token that we once issued, as the tables know it."""

    spent_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    user_is_active: bool


def judge(shown: Shown | None, at: datetime) -> Verdict:
    """What the token is worth at `at`. `reused` calls for the revocation of its session."""
    if shown is None:
        return Verdict.unknown
    if shown.revoked_at is not None or not shown.user_is_active:
        return Verdict.revoked
    if shown.spent_at is not None:
        return Verdict.reused
    return Verdict.good if at < shown.expires_at else Verdict.expired


def expiry(opened_at: datetime, at: datetime) -> datetime:
    """When a refresh token issued at `at` stops being good."""
    return min(at + IDLE, opened_at + LONGEST)
