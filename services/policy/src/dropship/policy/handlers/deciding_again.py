"""Listings that no event of their own calls for: their policy changed, or their time has come."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

import msgspec

from dropship.contracts.decisions import Link
from dropship.contracts.policies import PolicyDefined, PolicyRetired
from dropship.policy.handlers.evaluating import Judgement, Trigger, judge, write
from dropship.policy.projections import listings, policies, products
from dropship.policy.projections.policies import Changed
from dropship.policy.queries.knowing import Known, of_products
from dropship.policy.queries.why import said_before
from dropship.runtime.database import Database
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.telemetry import get_logger

POLICY, REVISIT = "policy", "revisit"
MOST_AT_ONCE = 500
"""How many listings one round marks due; the rest is due a round later."""

LONGEST_CHAIN = 8
"""Links of the past that a decision made by time alone still shows."""

_log = get_logger()


class Reason(NamedTuple):
    """Why one listing of a product is due. `policy` is None where only time has passed.

    The cause of a due row is not used: rows of several tenants are drained as one.
    """

    listing: str
    policy: UUID | None

    @classmethod
    def read(cls, text: str) -> "Reason":
        kind, *names = text.split(" ")
        return cls(names[-1], UUID(names[0]) if kind == POLICY else None)


def because_of_policy(policy: UUID, listing: str) -> str:
    """The reason that a listing is due for its policy."""
    return f"{POLICY} {policy} {listing}"


async def mark_revisits(database: Database) -> None:
    """The round that marks due what time alone may have changed."""
    async with database.transaction() as tx:
        for product, listing in await listings.take_revisits(tx, MOST_AT_ONCE):
            await tx.mark_due(str(product), f"{REVISIT} {listing}")


async def decide_again(key: str, reasons: list[str], tx: Transaction) -> None:
    """Decide the listings of one product that were marked due, each in its own history.

    One that cannot be decided is left as it is and told in the log: a fault in it must not keep the
    loop from all other products.
    """
    product = UUID(key)
    await products.lock(tx, [product])
    due = _by_listing(Reason.read(reason) for reason in reasons)
    changed = await policies.changed(tx, [one.policy for one in due.values() if one.policy])
    judged: list[Judgement] = []
    for known in await of_products(tx, [product]):
        reason = due.get(known.facts.listing_id)
        if reason is not None:
            judged += await _judge(tx, known, changed.get(reason.policy) if reason.policy else None)
    await write(tx, judged)


def _by_listing(reasons: Iterable[Reason]) -> dict[str, Reason]:
    """One reason for each listing: a policy's before that of time."""
    found: dict[str, Reason] = {}
    for reason in reasons:
        if reason.policy is not None or reason.listing not in found:
            found[reason.listing] = reason
    return found


async def _judge(tx: Transaction, known: Known, changed: Changed | None) -> list[Judgement]:
    trigger = _defined(changed) if changed else await _passed(tx, known)
    try:
        return [judge(tx, known, trigger)]
    except Exception as error:
        _log.error("decision_failed", listing=known.facts.listing_id, error=repr(error)[:300])
        return []


def _defined(changed: Changed) -> Trigger:
    """The definition or the end of the policy is the cause."""
    event = PolicyRetired if changed.retired else PolicyDefined
    what = "was retired" if changed.retired else f"was defined, version {changed.version}"
    whom = f" by {changed.cause.actor}" if changed.cause.actor else ""
    link = Link(
        event_id=str(changed.cause.id),
        type=event.wire_type(),
        by=event.owner,
        at=changed.at,
        said=f"The policy “{changed.name}” {what}{whom}.",
        caused_by=None,
    )
    return Trigger(cause=changed.cause, chain=(link,))


async def _passed(tx: Transaction, known: Known) -> Trigger:
    """The last decision is the cause: it named this moment."""
    facts = known.facts
    last = await said_before(tx, known.tenant, facts.listing_id, known.decision_no)
    chain = last.told[-LONGEST_CHAIN:] if last else ()
    cause = msgspec.json.decode(known.cause, type=Cause) if known.cause else tx.cause
    return Trigger(cause=cause, chain=chain)
