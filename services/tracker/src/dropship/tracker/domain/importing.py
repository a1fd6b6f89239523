"""Whose turn it is to have a product looked at, and when an import has waited long enough.

Every pending import ends exactly once: completed or failed by a look, cancelled by its user, or
failed here by the clock. Nothing in this file can make it wait for ever.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct

BURST_S = 10
"""Imports of one source wait in the supplier's queue for at most so many seconds of its budget; the
others wait here, where turns can be taken."""
FEWEST_SLOTS = 20
ASKS = 2
TIMED_OUT = "timeout"


class Waiting(Struct, frozen=True):
    """An import for which nobody has been asked to look yet."""

    job_id: str
    product_id: str
    tenant_id: str


class Look(Struct, frozen=True):
    """The wish to look that stands for all pending imports of one product."""

    command_id: UUID
    job_id: str
    asked_at: datetime
    asks: int


class Patience(Struct, frozen=True):
    """How long an import waits: `coalesce_s` for sharing a look, `again_after_s` until it is asked
    once more, `deadline_s` until it fails."""

    coalesce_s: float = 30
    again_after_s: float = 60
    deadline_s: float = 300

    def shares(self, look: Look | None, at: datetime) -> bool:
        """Whether a new import may rely on a look asked for by an earlier one.

        Not on an old one: its command may be parked or lost, and has fewer asks left.
        """
        return look is not None and at - look.asked_at < timedelta(seconds=self.coalesce_s)

    def deadline(self, at: datetime) -> datetime:
        """When an import that is asked for now fails at the latest."""
        return at + timedelta(seconds=self.deadline_s)

    def overdue(self, look: Look, at: datetime) -> bool:
        """Whether a look is asked for once more."""
        waited = at - look.asked_at
        return look.asks < ASKS and waited >= timedelta(seconds=self.again_after_s)


def slots(looks_per_minute: int | None) -> int:
    """How many looks for imports one source may have outstanding.

    Enough to keep its workers busy, few enough that a newcomer's import stands behind seconds of
    other people's imports and not behind hours. None: the supplier is not registered.
    """
    return max(FEWEST_SLOTS, (looks_per_minute or 0) * BURST_S // 60)


def take_turns(
    waiting: Iterable[Waiting], *, after: str | None, places: int
) -> tuple[Waiting, ...]:
    """The next imports to look for: one of each tenant, oldest first, round and round.

    `after` is the tenant who was served last; the round goes on behind it, so nobody is passed over
    however few places there are. Imports of a product that is already chosen ride along for free
    and are not returned.
    """
    queues: dict[str, deque[Waiting]] = defaultdict(deque)
    for one in waiting:
        queues[one.tenant_id].append(one)
    tenants = sorted(queues)
    first = next((i for i, tenant in enumerate(tenants) if after is None or tenant > after), 0)
    circle = deque(tenants[first:] + tenants[:first])
    chosen: dict[str, Waiting] = {}
    while circle and len(chosen) < places:
        tenant = circle.popleft()
        turn = _next_unchosen(queues[tenant], chosen)
        if turn is not None:
            chosen[turn.product_id] = turn
            circle.append(tenant)
    return tuple(chosen.values())


def _next_unchosen(queue: deque[Waiting], chosen: Mapping[str, Waiting]) -> Waiting | None:
    while queue:
        one = queue.popleft()
        if one.product_id not in chosen:
            return one
    return None


def look_id(cause: UUID, product_id: str) -> UUID:
    """The id of the command that a cause leads to: the same however often it is handled."""
    return uuid5(cause, f"look/{product_id}")


def again_id(command: UUID) -> UUID:
    """The id of the same wish, said once more."""
    return uuid5(command, "again")


def answers(failure_of: UUID | None, look: Look | None) -> bool:
    """Whether a failed look is the one that the pending imports wait for.

    A due check that fails while an import's own look is under way ends nothing. A failure that
    names no command is taken for the answer: waiting for a better one might be for ever.
    """
    return failure_of is None or (look is not None and failure_of == look.command_id)


def leaves_watch(
    reason: Literal["failed", "cancelled"],
    *,
    made_the_watch: bool,
    imported: bool,
    waits_elsewhere: bool,
) -> bool:
    """Whether a tenant goes on watching after an import of theirs ended without success.

    Cancelling takes back what the job began. Failing takes it back only where there is nothing to
    show; a product that is known stays. Another pending job of the same tenant keeps the watch.
    """
    if waits_elsewhere:
        return True
    if reason == "cancelled":
        return not made_the_watch
    return imported
