"""What a refresh token is worth."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dropship.gateway.domain.sessions import IDLE, LONGEST, Shown, Verdict, expiry, judge

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
fresh = Shown(spent_at=None, expires_at=AT + IDLE, revoked_at=None, user_is_active=True)


def test_a_fresh_token_is_good() -> None:
    assert judge(fresh, AT) is Verdict.good


def test_a_token_we_never_issued_is_unknown() -> None:
    assert judge(None, AT) is Verdict.unknown


def test_a_token_is_good_until_the_very_moment_it_expires() -> None:
    assert judge(fresh, fresh.expires_at - timedelta(microseconds=1)) is Verdict.good
    assert judge(fresh, fresh.expires_at) is Verdict.expired


def test_a_token_shown_twice_betrays_that_two_hold_it() -> None:
    assert judge(replace(fresh, spent_at=AT), AT) is Verdict.reused
    assert judge(replace(fresh, spent_at=AT), AT + LONGEST) is Verdict.reused


def test_a_revoked_session_stays_revoked() -> None:
    assert judge(replace(fresh, revoked_at=AT), AT) is Verdict.revoked
    assert judge(replace(fresh, revoked_at=AT, spent_at=AT), AT) is Verdict.revoked


def test_a_closed_account_refreshes_nothing() -> None:
    assert judge(replace(fresh, user_is_active=False), AT) is Verdict.revoked


def test_a_busy_session_ends_all_the_same() -> None:
    assert expiry(AT, AT) == AT + IDLE
    assert expiry(AT, AT + LONGEST - timedelta(days=1)) == AT + LONGEST
