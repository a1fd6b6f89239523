"""Virtual time: what is planned happens in its order, and one seed draws all chance."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
Act = Callable[[], None]
Routine = Iterator[float]
"""Something that takes time: it yields seconds to wait, and may be stopped at every yield."""


class Clockwork:
    """The heap of what is planned, the chance of one seed, and the history of one schedule."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.chance = Random(seed)  # noqa: S311 - schedules are drawn, not secrets
        self.history: list[tuple[object, ...]] = []
        self._planned: list[tuple[float, int, Act]] = []
        self._count = 0

    @property
    def at(self) -> datetime:
        return moment(self.now)

    def after(self, delay_s: float, act: Act) -> None:
        """Plan something for later."""
        self.upon(self.now + delay_s, act)

    def upon(self, when_s: float, act: Act) -> None:
        """Plan something for a moment; of two for the same one, the first planned comes first."""
        self._count += 1
        heappush(self._planned, (when_s, self._count, act))

    def run(self, until_s: float) -> None:
        """Let everything happen that is planned up to then."""
        planned = self._planned
        while planned and planned[0][0] <= until_s:
            self.now, _, act = heappop(planned)
            act()
        self.now = until_s

    def follow(self, routine: Routine) -> None:
        """Let a routine run; nobody stops this one."""
        delay_s = next(routine, None)
        if delay_s is not None:
            self.after(delay_s, lambda: self.follow(routine))

    def happens(self, share: float) -> bool:
        """Whether something of this probability happens now."""
        return share > 0 and self.chance.random() < share

    def between(self, least: float, most: float) -> float:
        return least + (most - least) * self.chance.random()

    def note(self, *what: object) -> None:
        """Write it into the history."""
        self.history.append((round(self.now, 3), *what))

    def fingerprint(self) -> str:
        """The same for the same history, on any machine."""
        return hashlib.sha256(repr(self.history).encode()).hexdigest()[:16]


def moment(now_s: float) -> datetime:
    """Virtual seconds as a time of day."""
    return START + timedelta(seconds=now_s)
