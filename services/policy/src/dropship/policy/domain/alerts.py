"""Which alerts to raise and which to resolve, so that each cause is told once and none for ever.

A level alert stands until its condition is gone; only then can the next of its kind be raised. A
happening stands until the next one supersedes it, or a person puts it away.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from dropship.contracts.alerts import AlertKind
from dropship.policy.domain.facts import Condition

HAPPENINGS = frozenset({AlertKind.cost_moved, AlertKind.listing_ended})
"""Kinds without an end of their own."""

GONE = "the cause is gone"
SUPERSEDED = "it happened again"


class Standing(Protocol):
    """An alert that was raised and not resolved, however it is remembered."""

    @property
    def kind(self) -> AlertKind: ...


S = TypeVar("S", bound=Standing)


class Changes(NamedTuple, Generic[S]):
    """What to say: first what is over, with the reason, then what is to be raised."""

    over: tuple[tuple[S, str], ...]
    wanted: tuple[Condition, ...]


def changes(conditions: Sequence[Condition], standing: Iterable[S]) -> Changes[S]:
    """What changes about one listing, store or source.

    `conditions` is all that should stand, at most one of a kind. `standing` is what stands of the
    kinds that were looked at, and of no others: what is not named in `conditions` counts as gone.
    Hand in what a person has acknowledged as well, or the next evaluation raises it anew.
    """
    now = {condition.kind: condition for condition in conditions}
    stands = {alert.kind: alert for alert in standing}
    over = tuple(
        (alert, SUPERSEDED if kind in now else GONE)
        for kind, alert in stands.items()
        if (now[kind].edge if kind in now else kind not in HAPPENINGS)
    )
    wanted = tuple(one for one in conditions if one.raises and (one.edge or one.kind not in stands))
    return Changes(over, wanted)
