"""How often somebody may ask."""

from dropship.gateway.http.limits import Limit


def test_a_burst_is_granted_and_one_more_is_told_when_to_come_back() -> None:
    limit = Limit("tenant", per_minute=60, burst=5)
    granted = [limit.take("a", 100.0) for _ in range(6)]
    assert [allowance.granted for allowance in granted] == [True] * 5 + [False]
    assert [allowance.remaining for allowance in granted] == [4, 3, 2, 1, 0, 0]
    assert granted[-1].headers()["retry-after"] == "1"


def test_what_was_used_comes_back_with_time() -> None:
    limit = Limit("tenant", per_minute=60, burst=1)
    assert limit.take("a", 0.0).granted
    assert not limit.take("a", 0.5).granted
    assert limit.take("a", 1.0).granted


def test_one_callers_haste_does_not_slow_another() -> None:
    limit = Limit("tenant", per_minute=60, burst=1)
    assert limit.take("a", 0.0).granted
    assert limit.take("b", 0.0).granted


def test_over_a_long_time_no_more_is_granted_than_promised() -> None:
    limit = Limit("tenant", per_minute=120, burst=10)
    granted = sum(limit.take("a", tenth / 10).granted for tenth in range(6_000))
    assert 1_200 <= granted <= 1_210


def test_only_refusals_ask_to_come_back() -> None:
    allowance = Limit("tenant", per_minute=60, burst=5).take("a", 0.0)
    assert allowance.headers() == {
        "ratelimit-policy": '"tenant";q=5;w=5',
        "ratelimit": '"tenant";r=4;t=1',
    }
