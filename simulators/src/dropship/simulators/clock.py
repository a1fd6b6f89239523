"""Virtual time: real time made faster, slower, stopped, or pushed ahead."""

import time
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Virtual seconds since the start. It never goes back.

    Between two orders (speed, pause, advance) virtual time is a straight line over real time;
    each order begins a new line.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.paused = False
        self._from_t = 0.0
        self._from_monotonic = time.monotonic()
        self._from_wall = datetime.now(UTC)

    def now(self) -> float:
        if self.paused:
            return self._from_t
        return self._from_t + (time.monotonic() - self._from_monotonic) * self.speed

    def wall_at(self, t: float) -> datetime:
        """The real moment of virtual second `t`; what was jumped over falls on the jump."""
        if self.paused or t <= self._from_t:
            return self._from_wall
        return self._from_wall + timedelta(seconds=(t - self._from_t) / self.speed)

    def advance(self, by_s: float) -> None:
        self._turn(self.now() + by_s)

    def set_speed(self, speed: float) -> None:
        self._turn(self.now())
        self.speed = speed

    def pause(self, paused: bool) -> None:
        self._turn(self.now())
        self.paused = paused

    def _turn(self, t: float) -> None:
        self._from_t = t
        self._from_monotonic = time.monotonic()
        self._from_wall = datetime.now(UTC)
