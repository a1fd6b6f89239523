"""Every request a supplier has served, and how polite its client was."""

import time
from collections import deque
from datetime import UTC, datetime
from itertools import islice

from msgspec import Struct

RING_SIZE = 20_000


class Entry(Struct, kw_only=True):
    """One request. While it is in flight, `status` is what will be sent and `duration_s` is None.

    `in_flight` counts this source's requests when it came, itself included; `gap_s` is the real
    time since the one before it came. `reached` is false when the client left first.
    """

    n: int
    at: datetime
    t: float
    method: str
    path: str
    source: str
    id: str | None
    agent: str
    in_flight: int
    gap_s: float | None
    robots_violation: bool = False
    after_429: bool = False
    status: int | None = None
    fault: str | None = None
    duration_s: float | None = None
    body_bytes: int = 0
    reached: bool | None = None


class Tally(Struct, kw_only=True):
    """Totals of one source, over all its requests: the ring's end does not shorten them."""

    requests: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    min_gap_s: float | None = None
    robots_violations: int = 0
    requests_after_429: int = 0
    body_bytes: int = 0
    statuses: dict[str, int] = {}
    faults: dict[str, int] = {}


class Visit:
    """One request between its coming and its end."""

    def __init__(self, entry: Entry, tally: Tally, began: float) -> None:
        self._tally = tally
        self._began = began
        self.entry = entry

    def violates_robots(self) -> None:
        self.entry.robots_violation = True
        self._tally.robots_violations += 1

    def answered(self, status: int, fault: str | None) -> None:
        """It is decided what will be sent."""
        self.entry.status, self.entry.fault = status, fault
        _count(self._tally.statuses, str(status))
        if fault is not None:
            _count(self._tally.faults, fault)

    def end(self, body_bytes: int, *, reached: bool) -> None:
        """The last byte is out, or the client is gone."""
        self.entry.duration_s = time.monotonic() - self._began
        self.entry.body_bytes, self.entry.reached = body_bytes, reached
        self._tally.in_flight -= 1
        self._tally.body_bytes += body_bytes


class Ledger:
    """The newest requests in a bounded ring, and totals per source that never end."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all. Requests in flight end in the tallies they began in: forgotten ones."""
        self.total = 0
        self._ring: deque[Entry] = deque(maxlen=RING_SIZE)
        self._tallies: dict[str, Tally] = {}
        self._came_at: dict[str, float] = {}
        self._forbidden_until: dict[str, float] = {}

    def begin(
        self, *, method: str, path: str, source: str, id_: str | None, agent: str, t: float
    ) -> Visit:
        """Note a request as it comes."""
        now = time.monotonic()
        tally = self._tallies.setdefault(source, Tally())
        before = self._came_at.get(source)
        self._came_at[source] = now
        tally.requests += 1
        tally.in_flight += 1
        tally.max_in_flight = max(tally.max_in_flight, tally.in_flight)
        gap_s = None if before is None else now - before
        if gap_s is not None:
            tally.min_gap_s = gap_s if tally.min_gap_s is None else min(tally.min_gap_s, gap_s)
        self.total += 1
        entry = Entry(
            n=self.total,
            at=datetime.now(UTC),
            t=t,
            method=method,
            path=path,
            source=source,
            id=id_,
            agent=agent,
            in_flight=tally.in_flight,
            gap_s=gap_s,
            after_429=now < self._forbidden_until.get(source, 0.0),
        )
        tally.requests_after_429 += entry.after_429
        self._ring.append(entry)
        return Visit(entry, tally, now)

    def forbid(self, source: str, for_s: float) -> None:
        """A 429 was sent: requests sooner than this are counted as `requests_after_429`."""
        self._forbidden_until[source] = time.monotonic() + for_s

    def since(self, n: int, limit: int) -> list[Entry]:
        """Entries numbered above `n` that are still in the ring, oldest first."""
        skipped = max(0, n - (self.total - len(self._ring)))
        return list(islice(self._ring, skipped, skipped + limit))

    @property
    def oldest(self) -> int | None:
        return self._ring[0].n if self._ring else None

    @property
    def sources(self) -> dict[str, Tally]:
        return self._tallies

    def totals(self) -> dict[str, int]:
        tallies = self._tallies.values()
        return {
            "requests": sum(t.requests for t in tallies),
            "robots_violations": sum(t.robots_violations for t in tallies),
            "requests_after_429": sum(t.requests_after_429 for t in tallies),
            "faults": sum(sum(t.faults.values()) for t in tallies),
        }


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1
