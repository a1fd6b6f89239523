"""What a price is reckoned on: cost, fees of the day, and the limits that people typed.

Where one of them is missing or speaks of another currency there is no ground, and no guess: the
listing is held until somebody has said what is meant.
"""

from datetime import UTC, date, datetime, time

from msgspec import Struct

from dropship.contracts.policies import Rules
from dropship.policy.domain.facts import Facts
from dropship.policy.domain.wording import money
from dropship.pricing.fees import FeeSchedule, UnknownSchedule, schedule, schedules
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.pricing.terms import Terms


class Ground(Struct, frozen=True, kw_only=True):
    """All in one currency. `minimum` is the highest of the typed ones, None where all are blank."""

    terms: Terms
    minimum: Money | None
    maximum: Money | None
    override: Money | None


class NoGround(Exception):
    """Why nothing can be reckoned: in a word, and for the seller."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said


def ground_of(facts: Facts, rules: Rules, at: datetime) -> Ground:
    """The ground for one listing at that moment, with the fees that hold on its day in UTC.

    Raises NoGround.
    """
    cost = _cost(facts)
    fees = _fees(facts, at.astimezone(UTC).date())
    minimums = (_here(facts, facts.min_price), _here(facts, _policy_minimum(rules)))
    return Ground(
        terms=Terms(cost, fees, buyer_tax=rules.price.buyer_tax, vat=rules.price.vat),
        minimum=max((amount for amount in minimums if amount is not None), default=None),
        maximum=_here(facts, facts.max_price),
        override=_here(facts, facts.override),
    )


def fees_change_at(name: str, at: datetime) -> datetime | None:
    """When the next known schedule of this name begins: prices are to be reckoned again then."""
    today = at.astimezone(UTC).date()
    begin = (each.effective_from for each in schedules() if each.name == name)
    later = min((day for day in begin if day > today), default=None)
    return None if later is None else datetime.combine(later, time.min, UTC)


def _cost(facts: Facts) -> Money:
    cost = facts.cost
    if cost is None:
        raise NoGround("cost unknown", "There is no known price to buy it at.")
    if cost.currency != facts.currency:
        said = f"It costs {money(cost)}, but the store sells in {facts.currency}."
        raise NoGround("cost in another currency", said)
    if cost.minor <= 0:
        said = f"A cost of {money(cost)} is no cost: the supplier's page was misread."
        raise NoGround("cost not positive", said)
    return cost


def _fees(facts: Facts, on: date) -> FeeSchedule:
    try:
        fees = schedule(facts.fee_schedule, on)
    except UnknownSchedule as error:
        said = f"The store's fees are not known: {error}."
        raise NoGround("fees unknown", said) from error
    if fees.currency != facts.currency:
        said = f"The fees of {fees.id} are in {fees.currency}, but the store sells in"
        raise NoGround("fees in another currency", f"{said} {facts.currency}.")
    return fees


def _policy_minimum(rules: Rules) -> Money | None:
    typed = rules.floor.min_price
    try:
        return None if typed is None else from_wire(typed)
    except NotMoney as error:
        said = f"The policy's minimum price cannot be read: {error}."
        raise NoGround("minimum unreadable", said) from error


def _here(facts: Facts, typed: Money | None) -> Money | None:
    """A typed amount, in the store's currency."""
    if typed is not None and typed.currency != facts.currency:
        said = f"{money(typed)} was typed for it, but the store sells in {facts.currency}."
        raise NoGround("limit in another currency", said)
    return typed
