"""How much a store's cost bucket still holds, as its last answer told and time has refilled it.

Rates differ by plan and change without notice, so none is written here. Another process may draw
from the same bucket: the estimate avoids most refusals and the marketplace's own word stays final.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from msgspec import Struct

from dropship.syncer.adapters.errors import Throttled

STORES_MAX = 10_000
FALLBACK_S = 1.0
"""How long to wait when an answer says "too much" and nothing else."""


class ThrottleStatus(Struct, frozen=True, rename="camel"):
    """The bucket after an answer: points, and points that come back per second."""

    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(Struct, frozen=True, rename="camel"):
    """What one request was reckoned at; `actual` is None where it was not carried out."""

    requested_query_cost: float
    throttle_status: ThrottleStatus
    actual_query_cost: float | None = None

    def wait_s(self) -> float:
        """Until the bucket holds enough for the same request."""
        status = self.throttle_status
        if status.restore_rate <= 0:
            return FALLBACK_S
        missing = self.requested_query_cost - status.currently_available
        return max(missing / status.restore_rate, 0.0)


@dataclass
class _Bucket:
    status: ThrottleStatus | None = None
    at_s: float = 0.0
    under_way: float = 0.0

    def holds(self, now_s: float) -> float:
        assert self.status is not None
        refilled = self.status.currently_available + self.status.restore_rate * (now_s - self.at_s)
        return min(refilled, self.status.maximum_available) - self.under_way


class Budget:
    """One estimate per store, and what each document was last reckoned at."""

    def __init__(self, now_s: Callable[[], float] = monotonic) -> None:
        self._now_s = now_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._costs: dict[str, float] = {}

    @contextmanager
    def spending(self, store_id: str, document: str) -> Iterator[None]:
        """Reserve what the document will cost. Raises Throttled where that is not there yet."""
        bucket, cost = self._bucket(store_id), self._costs.get(document, 0.0)
        self._admit(bucket, cost)
        bucket.under_way += cost
        try:
            yield
        finally:
            bucket.under_way -= cost

    def told(self, store_id: str, document: str, cost: Cost) -> None:
        """Take over what the marketplace says itself."""
        bucket = self._bucket(store_id)
        bucket.status, bucket.at_s = cost.throttle_status, self._now_s()
        self._costs[document] = cost.requested_query_cost

    def _admit(self, bucket: _Bucket, cost: float) -> None:
        status = bucket.status
        if status is None or status.restore_rate <= 0 or cost > status.maximum_available:
            return
        missing = cost - bucket.holds(self._now_s())
        if missing > 0:
            raise Throttled("the store's budget is used up", after_s=missing / status.restore_rate)

    def _bucket(self, store_id: str) -> _Bucket:
        bucket = self._buckets.setdefault(store_id, _Bucket())
        self._buckets.move_to_end(store_id)
        if len(self._buckets) > STORES_MAX:
            self._buckets.popitem(last=False)
        return bucket
