"""How often somebody may ask: the generic cell rate algorithm, one number for each key.

A key's number is the time at which its allowance would be full again. It takes constant time and
memory per request, and the least used keys are forgotten first, which only ever favours the caller.
"""

import math
from collections import OrderedDict

from msgspec import Struct

KEYS_MAX = 50_000


class Allowance(Struct, frozen=True, kw_only=True):
    """What a limit says to one request."""

    name: str
    granted: bool
    quota: int
    window_s: int
    remaining: int
    retry_after_s: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of the IETF draft, and Retry-After for a refusal."""
        fields = {
            "ratelimit-policy": f'"{self.name}";q={self.quota};w={self.window_s}',
            "ratelimit": f'"{self.name}";r={self.remaining};t={self.reset_s}',
        }
        if not self.granted:
            fields["retry-after"] = str(self.retry_after_s)
        return fields


class Limit:
    """At most `burst` at once, refilled at `per_minute`; counted in this process alone."""

    def __init__(self, name: str, *, per_minute: int, burst: int) -> None:
        self._name = name
        self._interval_s = 60 / per_minute
        self._burst = burst
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now_s: float) -> Allowance:
        """Count one request of `key` at `now_s` (monotonic seconds), unless it is one too many."""
        full_at = max(self._full_at.get(key, now_s), now_s)
        tolerance_s = self._interval_s * self._burst
        granted = full_at + self._interval_s - now_s <= tolerance_s + 1e-9
        wait_s = 0.0 if granted else full_at + self._interval_s - now_s - tolerance_s
        if granted:
            full_at += self._interval_s
            self._full_at[key] = full_at
            self._full_at.move_to_end(key)
            if len(self._full_at) > KEYS_MAX:
                self._full_at.popitem(last=False)
        return Allowance(
            name=self._name,
            granted=granted,
            quota=self._burst,
            window_s=math.ceil(tolerance_s),
            remaining=max(0, int((tolerance_s - (full_at - now_s)) / self._interval_s + 1e-9)),
            retry_after_s=max(1, math.ceil(wait_s)),
            reset_s=math.ceil(full_at - now_s),
        )
