"""Which policy decides a listing: the one it names, else its store's, else its tenant's."""

from collections.abc import Iterable

from msgspec import Struct

from dropship.contracts.policies import Rules
from dropship.policy.domain.facts import PolicyInForce


class Candidate(Struct, frozen=True, kw_only=True):
    """The newest version of one of a tenant's policies that are in use.

    `store_id` None: for all its stores. `rank` grows with every definition, of a new policy or of a
    next version.
    """

    policy_id: str
    version: int
    store_id: str | None
    rank: int
    rules: Rules

    def covers(self, store_id: str) -> bool:
        """Whether it may decide a listing of this store."""
        return self.store_id in (None, store_id)


def in_force(
    candidates: Iterable[Candidate], *, named: str | None, store_id: str
) -> PolicyInForce | None:
    """The one of a tenant's policies that decides; None: nothing may be sold.

    A policy that is made for another store decides nothing, named or not: the next wider one does.
    Of two as wide, the one defined last.
    """

    def closeness(candidate: Candidate) -> tuple[bool, bool, int]:
        return candidate.policy_id == named, candidate.store_id is not None, candidate.rank

    covering = [candidate for candidate in candidates if candidate.covers(store_id)]
    if not covering:
        return None
    closest = max(covering, key=closeness)
    return PolicyInForce(closest.policy_id, closest.version, closest.rules)
