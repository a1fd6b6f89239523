"""The floor: below it nothing is offered. A blank minimum means break-even, and never zero."""

from decimal import Decimal

from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import FloorRule
from dropship.policy.domain.finding import Finding, Trouble
from dropship.policy.domain.ground import Ground
from dropship.policy.domain.wording import money, percent
from dropship.pricing.money import Money
from dropship.pricing.solver import least_price
from dropship.pricing.terms import Basis, NoPrice, Target


class Floor(Finding, frozen=True, kw_only=True):
    """`price` is the least price that may be offered, None if none may, however high.

    Prices above it can lose money all the same, because fees step: ask for `target` at the price.
    """

    price: Money | None
    target: Target


def floor_of(ground: Ground, rule: FloorRule) -> Floor:
    """The least price that keeps the floor's margin and is not under a typed minimum.

    Where fees and margin together take the whole price, the floor is break-even and the listing is
    in trouble.
    """
    target = margin(rule.margin)
    try:
        return _found(ground, rule, target, least_price(ground.terms, target))
    except NoPrice:
        return _impossible(ground, rule)


def stricter(rule: FloorRule, by: str) -> FloorRule:
    """The same floor with a margin higher by so much."""
    return FloorRule(margin=str(Decimal(rule.margin) + Decimal(by)), min_price=rule.min_price)


def margin(share: str) -> Target:
    """A floor's margin as a target; of nothing, it is break-even."""
    return Target(Basis.margin_on_price, share)


def _found(ground: Ground, rule: FloorRule, target: Target, least: Money) -> Floor:
    cost, minimum = money(ground.terms.cost), ground.minimum
    if minimum is not None and least < minimum:
        price = least_price(ground.terms, target, at_least=minimum)
        kind, said = "minimum", f"the typed minimum of {money(minimum)} counts"
        reason = f"floor min_price {money(minimum)}"
    elif not Decimal(rule.margin):
        price, kind, reason = least, "break_even", "floor break_even"
        said = "less would lose money after fees"
    else:
        price, kind, reason = least, "margin", f"floor margin {rule.margin}"
        said = f"less would earn under {percent(rule.margin)}"
    return Floor(
        price=price,
        target=target,
        reasons=(f"{reason}: {money(price)}",),
        outcome=RuleOutcome(
            rule="floor",
            outcome=kind,
            said=f"It is never offered under {money(price)}: at a cost of {cost}, {said}.",
        ),
    )


def _impossible(ground: Ground, rule: FloorRule) -> Floor:
    target = margin("0")
    try:
        price = least_price(ground.terms, target, at_least=ground.minimum)
    except NoPrice:
        price = None
    what = "without a loss" if price is None else f"with a margin of {percent(rule.margin)}"
    said = (
        f"No price can be found {what} at a cost of {money(ground.terms.cost)}: fees, taxes and"
        " margin take more than all of it."
    )
    return Floor(
        price=price,
        target=target,
        reasons=(f"floor margin {rule.margin} at cost {money(ground.terms.cost)}: infeasible",),
        troubles=(Trouble(Hold.low_margin, said),),
        outcome=RuleOutcome(rule="floor", outcome="impossible", said=said),
    )
