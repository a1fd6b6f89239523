"""Listings that no event of their product calls for: their policy changed, some of it was sold, or
their time has come.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

import msgspec

from dropship.contracts.decisions import Link
from dropship.contracts.policies import PolicyDefined, PolicyRetired
from dropship.policy.handlers.evaluating import Judgement, Trigger, judge, write
from dropship.policy.projections import listings, policies, products, sales
from dropship.policy.projections.policies import Changed
from dropship.policy.projections.sales import Told
from dropship.policy.queries.knowing import Known, of_products
from dropship.policy.queries.why import said_before
from dropship.runtime.database import Database
from dropship.runtime.journal import Cause, Transaction

POLICY, ORDER, REVISIT = "policy", "order", "revisit"
MOST_AT_ONCE = 500
"""How many listings one round marks due; the rest is due a round later."""

LONGEST_CHAIN = 8
"""Links of the past that a decision made by time alone still shows."""


class Due(NamedTuple):
    """Why listings of one product are due: the policy of some, the orders of some tenants, and for
    some that time has passed.

    The cause of a due row is not used: rows of several tenants are drained as one.
    """

    policies: dict[str, UUID]
    orders: list[UUID]
    revisits: set[str]

    @classmethod
    def read(cls, reasons: Iterable[str]) -> "Due":
        due = cls({}, [], set())
        for reason in reasons:
            kind, *names = reason.split(" ")
            if kind == POLICY:
                due.policies[names[1]] = UUID(names[0])
            elif kind == ORDER:
                due.orders.append(UUID(names[0]))
            else:
                due.revisits.add(names[0])
        return due


class Because(NamedTuple):
    """What became of the policies, and what was told of the orders, by tenant."""

    changed: Mapping[UUID, Changed]
    ordered: Mapping[str, Told]


def because_of_policy(policy: UUID, listing: str) -> str:
    """The reason that a listing is due for its policy."""
    return f"{POLICY} {policy} {listing}"


def because_of_order(order: str) -> str:
    """The reason that a tenant's listings are due for an order: whichever there are by then."""
    return f"{ORDER} {order}"


def because_of_time(listing: UUID) -> str:
    """The reason that a listing is due though nothing is heard."""
    return f"{REVISIT} {listing}"


async def mark_revisits(database: Database) -> None:
    """The round that marks due what time alone may have changed."""
    async with database.transaction() as tx:
        for product, listing in await listings.take_revisits(tx, MOST_AT_ONCE):
            await tx.mark_due(str(product), because_of_time(listing))


async def decide_again(key: str, reasons: list[str], tx: Transaction) -> None:
    """Decide the listings of one product that were marked due, each in its own history."""
    product = UUID(key)
    await products.lock(tx, [product])
    due = Due.read(reasons)
    because = Because(
        await policies.changed(tx, list(due.policies.values())),
        await sales.told(tx, product, due.orders),
    )
    judged: list[Judgement] = []
    for known in await of_products(tx, [product]):
        trigger = await _trigger(tx, known, due, because)
        if trigger is not None:
            judged.append(judge(tx, known, trigger))
    await write(tx, judged)


async def _trigger(tx: Transaction, known: Known, due: Due, because: Because) -> Trigger | None:
    """The one reason of those for a listing that is told: its policy before an order, and an order
    before time.
    """
    listing = known.facts.listing_id
    policy = due.policies.get(listing)
    if policy is not None and policy in because.changed:
        return _defined(because.changed[policy])
    if known.tenant in because.ordered:
        order = because.ordered[known.tenant]
        return Trigger(cause=order.cause, chain=order.chain)
    if policy is not None or listing in due.revisits:
        return await _passed(tx, known)
    return None


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
