"""Numbers for people: percentiles, and tables whose columns line up."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank: a value that was really measured."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def spread_ms(seconds: Sequence[float]) -> str:
    """p50, p90 and p99 of durations, in milliseconds."""
    p50, p90, p99 = (percentile(seconds, share) * 1000 for share in (0.5, 0.9, 0.99))
    return f"{p50:8.1f} {p90:8.1f} {p99:8.1f}"


SPREAD_HEAD = f"{'p50':>8} {'p90':>8} {'p99':>8}   (ms)"
