"""Many schedules at once, or one of them told step by step.

just campaign 10000 0          ten thousand of these, and none with real processes
just campaign-replay 1793      one, with its whole history
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from campaign.schedule import Schedule, run

SHARE = 250
"""How many schedules one process takes at a time."""


@dataclass(frozen=True)
class Share:
    """What came of some schedules."""

    lived: int
    writes: int
    rest_s: float
    failures: tuple[str, ...]


def live(seeds: Sequence[int]) -> Share:
    """Live through these schedules; a failure ends its schedule and no other."""
    writes, rest_s, failures = 0, 0.0, []
    for seed in seeds:
        try:
            lived = run(seed)
        except Exception as error:
            failures.append(
                f"{type(error).__name__}: {error} (replay: just campaign-replay {seed})"
            )
        else:
            writes, rest_s = writes + lived.writes, max(rest_s, lived.rest_s)
    return Share(len(seeds), writes, rest_s, tuple(failures))


def campaign(first: int, count: int, processes: int) -> int:
    """All of them; the exit code."""
    began = perf_counter()
    starts = range(first, first + count, SHARE)
    shares = [range(start, min(start + SHARE, first + count)) for start in starts]
    failures: list[str] = []
    lived, writes, rest_s = 0, 0, 0.0
    with ProcessPoolExecutor(processes) as pool:
        for share in pool.map(live, shares):
            lived, writes = lived + share.lived, writes + share.writes
            rest_s = max(rest_s, share.rest_s)
            failures += share.failures
            for failure in share.failures:
                _say(failure)
    took_s = perf_counter() - began
    _say(
        f"{lived} schedules from seed {first}, {writes} calls to the marketplace,"
        f" {len(failures)} failures; {lived / took_s:.0f} schedules/s;"
        f" at rest after {rest_s:.0f} virtual seconds at most"
    )
    return 1 if failures else 0


def tell(seed: int) -> int:
    """One schedule with everything that happened in it; the exit code."""
    schedule = Schedule(seed)
    _say(str(schedule.weather))
    try:
        lived = schedule.run()
    except AssertionError as broken:
        _tell_history(schedule)
        _say(f"broken: {broken}")
        return 1
    _tell_history(schedule)
    _say(str(lived))
    return 0


def _tell_history(schedule: Schedule) -> None:
    for entry in schedule.clock.history:
        _say(" ".join(str(word) for word in entry))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--tell", type=int, metavar="SEED", help="one schedule, with its history")
    wanted = parser.parse_args()
    if wanted.tell is not None:
        return tell(wanted.tell)
    return campaign(wanted.first, wanted.schedules, wanted.processes)


if __name__ == "__main__":
    raise SystemExit(main())
