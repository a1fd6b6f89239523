"""What a listing's decision came to, as the next one is compared with it."""

from typing import Literal

from msgspec import Struct

from dropship.contracts import money as wire
from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.contracts.policies import Outlook
from dropship.policy.domain.differing import differs
from dropship.policy.domain.facts import Facts, Ruling
from dropship.pricing.money import Money, to_wire


class Verdict(Struct, frozen=True, kw_only=True):
    """The outcome, the facts that whoever brings it compares with his own, and by which rules."""

    price: Money | None
    floor: Money | None
    quantity: int
    holds: tuple[Hold, ...]
    reasons: tuple[str, ...]
    cost: Money | None
    availability: Availability | None
    policy_id: str | None
    policy_version: int | None
    fee_schedule: str | None
    buyer_tax: str | None = None
    vat: str | None = None
    sold_here: bool = False

    @property
    def outlook(self) -> Outlook:
        """As a preview shows it."""
        return Outlook(
            price=in_wire(self.price),
            floor=in_wire(self.floor),
            quantity=self.quantity,
            holds=list(self.holds),
        )


def verdict_of(facts: Facts, ruling: Ruling) -> Verdict:
    """The ruling, with what it rests on."""
    price = facts.policy.rules.price if facts.policy else None
    return Verdict(
        price=ruling.price,
        floor=ruling.floor,
        quantity=ruling.quantity,
        holds=ruling.holds,
        reasons=ruling.reasons,
        cost=facts.cost,
        availability=facts.availability,
        policy_id=facts.policy.policy_id if facts.policy else None,
        policy_version=facts.policy.version if facts.policy else None,
        fee_schedule=ruling.fee_schedule,
        buyer_tax=price.buyer_tax if price else None,
        vat=price.vat if price else None,
        sold_here=ruling.sold_here,
    )


Novelty = Literal["said", "noted", "confirmed"]


def novelty(old: Verdict | None, new: Verdict) -> Novelty:
    """Whether somebody must be told, the record alone must tell it, or nothing is new.

    What the syncer reckons with by itself counts besides the outcome. A listing's lease is renewed
    only while the supplier's page agrees with the cost and availability that its newest decision
    names, and the last gate takes the taxes from there.
    """
    if old is None or differs(old, new):
        return "said"
    if _rests_on(old) != _rests_on(new):
        return "said"
    return "confirmed" if old == new else "noted"


def _rests_on(verdict: Verdict) -> tuple[object, ...]:
    return verdict.cost, verdict.availability, verdict.buyer_tax, verdict.vat


def in_wire(money: Money | None) -> wire.Money | None:
    """An amount that may be absent, in its wire form."""
    return None if money is None else to_wire(money)
