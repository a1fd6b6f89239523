"""The cost bucket of one app on one shop: it refills by real time."""

import time
from typing import Annotated, Any

from msgspec import Meta, Struct

from dropship.simulators.shopify.graph.errors import GraphError

MAX_SINGLE = 1_000


class BucketSize(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    max: Annotated[float, Meta(gt=0, le=1_000_000)] = 2_000.0
    restore_per_s: Annotated[float, Meta(gt=0, le=1_000_000)] = 100.0


class Throttled(GraphError):
    """HTTP 200, no data: come again when the bucket holds enough."""

    def __init__(self) -> None:
        super().__init__("Throttled", "THROTTLED")


class Bucket:
    def __init__(self, size: BucketSize) -> None:
        self.size = size
        self._level = size.max
        self._at = time.monotonic()

    def resize(self, size: BucketSize) -> None:
        self.size = size
        self._level = min(self.available, size.max)

    def drain(self) -> None:
        """Somebody else has used it all."""
        self._refill()
        self._level = 0.0

    @property
    def available(self) -> float:
        self._refill()
        return self._level

    def take(self, cost: int) -> None:
        """Pay before the work is done. `Throttled` where there is too little, and nothing paid."""
        if cost > MAX_SINGLE:
            raise GraphError(
                f"Query cost is {cost}, which exceeds the single query max cost limit {MAX_SINGLE}",
                "MAX_COST_EXCEEDED",
                cost=cost,
                maxCost=MAX_SINGLE,
            )
        if cost > self.available:
            raise Throttled
        self._level -= cost

    def give_back(self, cost: int) -> None:
        self._refill()
        self._level = min(self.size.max, self._level + cost)

    def status(self, requested: int, actual: int | None) -> dict[str, Any]:
        """What stands under `extensions.cost`."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.size.max,
                "currentlyAvailable": int(self.available),
                "restoreRate": self.size.restore_per_s,
            },
        }

    def _refill(self) -> None:
        now = time.monotonic()
        self._level = min(self.size.max, self._level + (now - self._at) * self.size.restore_per_s)
        self._at = now
