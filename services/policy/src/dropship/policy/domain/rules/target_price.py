"""The price: what was typed, or the least that earns the target; never under the floor, never above
the maximum.
"""

from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import PriceRule
from dropship.policy.domain.finding import Finding, Trouble
from dropship.policy.domain.ground import Ground
from dropship.policy.domain.rules.floor import Floor
from dropship.policy.domain.wording import digits, money, percent
from dropship.pricing.money import Money
from dropship.pricing.solver import least_price, meets
from dropship.pricing.terms import Basis, Charm, NoPrice, Target

STEPS_DOWN = 1000
"""How far under the maximum a price is looked for, in minor units, before the floor is taken: fees
step by less than that."""


class TargetPrice(Finding, frozen=True, kw_only=True):
    """`price` is None where no price keeps both the floor and the limits."""

    price: Money | None


def price_of(ground: Ground, rule: PriceRule, floor: Floor) -> TargetPrice:
    """The price of a listing whose costs are known."""
    least, highest = floor.price, ground.maximum
    if least is None or floor.troubles:
        said = "Without a floor there is no price."
        return TargetPrice(price=None, outcome=_outcome("impossible", said))
    if highest is not None and highest < least:
        cost, limit = money(ground.terms.cost), money(highest)
        return _none(
            "above_maximum",
            f"max_price {limit} under floor {digits(least)} at cost {cost}",
            f"It may cost at most {limit}, but at a cost of {cost} the floor is {money(least)}.",
        )
    if ground.override is not None:
        return _typed(ground, ground.override, floor, least)
    return _targeted(ground, rule, floor, least)


def fits(ground: Ground, floor: Floor) -> bool:
    """Whether a floor leaves room for a price: under the maximum, and for the typed price."""
    if floor.price is None or floor.troubles:
        return False
    if ground.maximum is not None and ground.maximum < floor.price:
        return False
    typed = ground.override
    if typed is None or (ground.maximum is not None and ground.maximum < typed):
        return True
    return _keeps(ground, floor, typed, floor.price)


def _typed(ground: Ground, typed: Money, floor: Floor, least: Money) -> TargetPrice:
    cost = money(ground.terms.cost)
    reason = f"override {money(typed)} at cost {cost}"
    if ground.maximum is not None and ground.maximum < typed:
        return _capped(ground, ground.maximum, floor, least, reason, typed)
    if not _keeps(ground, floor, typed, least):
        return _none(
            "under_floor",
            f"{reason}: under floor {digits(least)}",
            f"The typed price of {money(typed)} does not keep the floor: at a cost of {cost} that"
            f" is {money(least)}.",
        )
    said = f"{money(typed)} was typed for this listing and keeps the floor at a cost of {cost}."
    return TargetPrice(price=typed, reasons=(reason,), outcome=_outcome("override", said))


def _targeted(ground: Ground, rule: PriceRule, floor: Floor, least: Money) -> TargetPrice:
    cost = money(ground.terms.cost)
    earns = _earning(rule, ground.terms.cost.currency)
    target = Target(Basis(rule.basis), rule.value)
    reason = f"target {rule.basis} {rule.value} at cost {cost}"
    try:
        price = _least_of_both(ground, rule, target, floor, least)
    except NoPrice as error:
        if ground.maximum is not None and error.reason == "above_ceiling":
            wished = least_price(ground.terms, target, at_least=least)
            return _capped(ground, ground.maximum, floor, least, reason, wished)
        said = f"No price {earns} at a cost of {cost}: fees, taxes and target exceed it."
        return _none("infeasible", f"{reason}: infeasible", said)
    if price == least:
        said = f"The floor of {money(price)} is the price: it already {earns}."
    else:
        said = f"{money(price)} is the price at a cost of {cost}: it {earns}, after fees."
    reasons = (f"{reason}: {digits(price)}",)
    return TargetPrice(price=price, reasons=reasons, outcome=_outcome("priced", said))


def _least_of_both(
    ground: Ground, rule: PriceRule, target: Target, floor: Floor, least: Money
) -> Money:
    """The least price that meets target and floor at once; it ends because it only climbs."""
    charm = Charm(tuple(rule.endings)) if rule.endings else None
    terms, highest = ground.terms, ground.maximum
    price = least
    while True:
        price = least_price(terms, target, at_least=price, at_most=highest, charm=charm)
        if meets(terms, floor.target, price):
            return price
        price = least_price(terms, floor.target, at_least=price, at_most=highest)


def _capped(
    ground: Ground, highest: Money, floor: Floor, least: Money, reason: str, wished: Money
) -> TargetPrice:
    """The highest price up to the maximum that keeps the floor."""
    down = range(highest.minor, max(least.minor, highest.minor - STEPS_DOWN), -1)
    tried = (Money(minor, highest.currency) for minor in down)
    price = next((each for each in tried if meets(ground.terms, floor.target, each)), least)
    return TargetPrice(
        price=price,
        reasons=(f"{reason}: {digits(wished)}", f"max_price {money(highest)}: {digits(price)}"),
        outcome=_outcome(
            "capped",
            f"{money(price)} is the price: {money(wished)} was wanted, but it may cost at most"
            f" {money(highest)}.",
        ),
    )


def _keeps(ground: Ground, floor: Floor, price: Money, least: Money) -> bool:
    return least <= price and meets(ground.terms, floor.target, price)


def _none(outcome: str, reason: str, said: str) -> TargetPrice:
    return TargetPrice(
        price=None,
        reasons=(reason,),
        troubles=(Trouble(Hold.low_margin, said),),
        outcome=_outcome(outcome, said),
    )


def _outcome(outcome: str, said: str) -> RuleOutcome:
    return RuleOutcome(rule="target_price", outcome=outcome, said=said)


def _earning(rule: PriceRule, currency: str) -> str:
    match rule.basis:
        case "margin_on_price":
            return f"leaves {percent(rule.value)} of the revenue"
        case "markup_on_cost":
            return f"earns {percent(rule.value)} on the cost"
        case "roi":
            return f"returns {percent(rule.value)} on what is spent"
        case "fixed_profit":
            return f"earns {rule.value} {currency} a piece"
