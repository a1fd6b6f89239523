"""When a listing must not sell, and when it may again.

Bad news counts at once. Good news must last: what went missing has to be there for a while without
a break, and a margin that failed has to clear its bar by a little more. So a supplier who wavers
makes a listing wait and not blink. What our own sales used up did not waver: its return waits for
nothing.
"""

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from types import MappingProxyType

from dropship.contracts.alerts import AlertKind, Severity
from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import PauseRule
from dropship.policy.domain.facts import Condition, Facts
from dropship.policy.domain.finding import Finding, Trouble
from dropship.policy.domain.wording import clock_time, percent

SUPPLY = frozenset({Hold.out_of_stock, Hold.vanished, Hold.unfit, Hold.no_price})
"""Holds that the supplier's offer causes: they end by time."""

SEVERITIES: MappingProxyType[Hold, Severity] = MappingProxyType(
    {Hold.low_margin: "critical", Hold.vanished: "critical", Hold.no_policy: "critical"}
)
"""Critical is what nothing but a person is likely to end; every other hold is a warning."""


class Pause(Finding, frozen=True, kw_only=True):
    """`sellable_since` is when the supplier's offer became one that can be sold, None while it is
    not; the listing may still be held for its margin, or sold out by our own sales (`sold_here`).
    """

    holds: tuple[Hold, ...]
    revisit_at: datetime | None
    sellable_since: datetime | None
    sold_here: bool


class Kept(Trouble, frozen=True):
    """A hold of the last decision whose cause is gone but not for long enough."""

    reason: str
    until: datetime | None = None


def pause_of(
    facts: Facts,
    rule: PauseRule,
    troubles: Sequence[Trouble],
    at: datetime,
    *,
    stock_known: bool,
    sold_here: bool,
    margin_is_back: bool,
) -> Pause:
    """The holds that stand: the troubles of now, and those of before that have not lasted out.

    `sold_here` says that the stock is short by our own sales alone, and `margin_is_back` whether a
    price would keep the floor with `resume_margin` on top.
    """
    now = {trouble.hold for trouble in troubles}
    theirs = now & SUPPLY - ({Hold.out_of_stock} if sold_here else set())
    since = _sellable_since(facts, theirs, at, stock_known=stock_known)
    waited = _kept_supply(facts, rule, since, at, stock_known=stock_known)
    margin = _kept_margin(facts, rule, margin_is_back=margin_is_back)
    kept = [each for each in (*waited, *margin) if each.hold not in now]
    return Pause(
        holds=tuple(sorted(now | {each.hold for each in kept})),
        revisit_at=next((each.until for each in kept if each.until is not None), None),
        sellable_since=since,
        sold_here=_still_here(facts, waited, sold_here=sold_here, stock_known=stock_known),
        reasons=tuple(each.reason for each in kept),
        conditions=conditions_of(troubles, kept),
        outcome=_outcome(troubles, kept),
    )


def conditions_of(
    troubles: Sequence[Trouble], kept: Sequence[Trouble] = ()
) -> tuple[Condition, ...]:
    """One alert for each hold. One whose end is only being waited for raises nothing new, nor does
    a missing price beside an offer that is gone anyway: a seller need not be told twice.
    """
    first = {trouble.hold: trouble for trouble in reversed((*troubles, *kept))}
    now = {trouble.hold for trouble in troubles}
    return tuple(
        Condition(
            kind=AlertKind(hold.value),
            severity=SEVERITIES.get(hold, "warning"),
            message=trouble.said,
            raises=hold in now and not (hold is Hold.no_price and now & SUPPLY > {hold}),
        )
        for hold, trouble in sorted(first.items())
    )


def _sellable_since(
    facts: Facts, theirs: Set[Hold], at: datetime, *, stock_known: bool
) -> datetime | None:
    if theirs:
        return None
    if not stock_known:
        return facts.sellable_since
    return facts.sellable_since or at


def _still_here(
    facts: Facts, waited: Sequence[Kept], *, sold_here: bool, stock_known: bool
) -> bool:
    """Whether it is out of stock by our own sales, and would not be waiting for the supplier."""
    if not stock_known:
        return facts.last is not None and facts.last.sold_here
    return sold_here and not any(each.hold is Hold.out_of_stock for each in waited)


def _kept_supply(
    facts: Facts, rule: PauseRule, since: datetime | None, at: datetime, *, stock_known: bool
) -> list[Kept]:
    before = _held_before(facts, stock_known=stock_known)
    if not stock_known:
        said = "Nobody knows what the supplier has: the pause goes on."
        return [Kept(hold, said, f"{hold.value} kept: stock unknown") for hold in before]
    if since is None or not before:
        return []
    until = since + timedelta(seconds=rule.resume_after_s)
    if until <= at:
        return []
    end = clock_time(until)
    said = f"The offer is good again since {clock_time(since)}; it sells from {end} if it lasts."
    return [Kept(hold, said, f"{hold.value} kept until {end}", until) for hold in before]


def _held_before(facts: Facts, *, stock_known: bool) -> list[Hold]:
    """The supply holds of the last decision; a first price is no return and waits for nothing, nor
    does a stock that our own sales had used up.
    """
    if facts.last is None:
        return []
    ours = {Hold.out_of_stock} if facts.last.sold_here and stock_known else set[Hold]()
    never_sold = facts.sellable_since is None and facts.last.price is None and stock_known
    is_new = facts.availability is None or never_sold
    return [
        hold
        for hold in sorted(SUPPLY - ours)
        if hold.value in facts.last.holds and not (hold is Hold.no_price and is_new)
    ]


def _kept_margin(facts: Facts, rule: PauseRule, *, margin_is_back: bool) -> list[Kept]:
    if margin_is_back or not (facts.last and Hold.low_margin.value in facts.last.holds):
        return []
    more = percent(rule.resume_margin)
    said = f"A pause for low margin ends when the floor is kept with {more} to spare."
    return [Kept(Hold.low_margin, said, f"low_margin kept: resume_margin {rule.resume_margin}")]


def _outcome(troubles: Sequence[Trouble], kept: Sequence[Kept]) -> RuleOutcome:
    sentences = dict.fromkeys(each.said for each in (*troubles, *kept))
    if not sentences:
        return RuleOutcome(rule="pause", outcome="free", said="Nothing keeps it from selling.")
    outcome = "held" if troubles else "waiting"
    return RuleOutcome(rule="pause", outcome=outcome, said=" ".join(sentences))
