"""Whether the cost made a move that a seller should hear of, up or down."""

from fractions import Fraction

from dropship.contracts.alerts import AlertKind, Severity
from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.policies import CostMoveRule
from dropship.policy.domain.facts import Condition, Facts
from dropship.policy.domain.finding import Finding
from dropship.policy.domain.wording import money, percent
from dropship.pricing.money import percent_change

SUSPICIOUS_FALL = 50
"""A fall by so many percent is more often a wrong reading than a gift."""


def cost_move_of(facts: Facts, rule: CostMoveRule) -> Finding:
    """The move since the previous cost, in an evaluation that a new cost caused.

    It shapes no price and holds nothing, so it is no reason either: the price rules do that.
    """
    old, new = facts.previous_cost, facts.cost
    if old is None or new is None or old.currency != new.currency or old.minor <= 0:
        return Finding(outcome=_outcome("steady", "No move of the cost is looked at."))
    moved = percent_change(old, new)
    said = f"The cost {_moved(moved)}, from {money(old)} to {money(new)}"
    if moved == 0 or abs(moved) < Fraction(rule.share) * 100:
        said = f"{said}; an alert is due from {percent(rule.share)} on."
        return Finding(outcome=_outcome("steady", said))
    alert = Condition(
        kind=AlertKind.cost_moved,
        severity=_severity(moved),
        message=f"{said}{_advice(moved)}.",
        threshold=rule.share,
        edge=True,
    )
    return Finding(
        outcome=_outcome("rose" if moved > 0 else "fell", alert.message), conditions=(alert,)
    )


def _severity(moved: Fraction) -> Severity:
    if moved <= -SUSPICIOUS_FALL:
        return "critical"
    return "warning" if moved > 0 else "info"


def _advice(moved: Fraction) -> str:
    return ": look whether it is still the same thing" if moved <= -SUSPICIOUS_FALL else ""


def _moved(moved: Fraction) -> str:
    if moved == 0:
        return "did not move"
    tenths = round(abs(moved) * 10)
    return f"{'rose' if moved > 0 else 'fell'} by {tenths // 10}.{tenths % 10} %"


def _outcome(outcome: str, said: str) -> RuleOutcome:
    return RuleOutcome(rule="cost_move", outcome=outcome, said=said)
