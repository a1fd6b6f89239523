"""Things with their recent past, so that a read can be made to lag behind the writes."""

import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_LAG_S = 600.0


class Versions(Generic[T]):
    """The newest version of each thing, and those of the last `MAX_LAG_S` seconds."""

    def __init__(self) -> None:
        self._past: dict[int, deque[tuple[float, T]]] = {}

    def put(self, number: int, thing: T) -> None:
        now = time.monotonic()
        versions = self._past.setdefault(number, deque())
        versions.append((now, thing))
        while len(versions) > 1 and versions[1][0] < now - MAX_LAG_S:
            versions.popleft()

    def get(self, number: int, lag_s: float = 0.0) -> T | None:
        """What was seen so many seconds ago; None if it was not there yet."""
        versions = self._past.get(number)
        if versions is None:
            return None
        if lag_s <= 0:
            return versions[-1][1]
        until = time.monotonic() - lag_s
        return next((thing for at, thing in reversed(versions) if at <= until), None)

    def all(self, lag_s: float = 0.0) -> list[T]:
        """All things in the order in which they came."""
        found = (self.get(number, lag_s) for number in self._past)
        return [thing for thing in found if thing is not None]
