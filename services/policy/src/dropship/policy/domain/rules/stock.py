"""How much is offered of what the supplier has, and when that is too little to offer any.

What the supplier does not say is neither zero nor plenty: an unknown stock changes nothing, and
"in stock" without a number counts as the few pieces the policy assumes. Of a number that the
supplier states, our own sales since then are taken off: nobody may have bought them there yet.
"""

from types import MappingProxyType
from typing import assert_never

from msgspec.structs import replace

from dropship.contracts.alerts import AlertKind
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import StockRule
from dropship.policy.domain.facts import Condition, Facts
from dropship.policy.domain.finding import Finding, Trouble

NOTHING_NOW = MappingProxyType(
    {
        Availability.preorder: "The supplier takes pre-orders only.",
        Availability.in_store_only: "The supplier sells it in its shops only.",
        Availability.out_of_stock: "The supplier has sold out.",
    }
)


class Stock(Finding, frozen=True, kw_only=True):
    """`quantity` is what is offered if nothing holds the listing; `known` is False while the
    supplier's answer says nothing either way. `sold_here`: our own sales are all that is the
    matter, and the supplier has enough.
    """

    quantity: int
    known: bool = True
    sold_here: bool = False


def stock_of(facts: Facts, rule: StockRule) -> Stock:
    """The quantity to offer, by what the supplier says now."""
    seen = facts.availability
    if facts.vanished:
        before = "unknown" if seen is None else seen.value
        said = "The supplier's page is gone."
        return _none(rule, Hold.vanished, f"vanished, was {before}", said)
    match seen:
        case None | Availability.unknown:
            return _unknown(facts, rule)
        case Availability.in_stock | Availability.low:
            return _ready(facts, rule, seen)
        case Availability.backorder | Availability.made_to_order:
            return _later(facts, rule, seen)
        case Availability.preorder | Availability.in_store_only | Availability.out_of_stock:
            return _sold_out(rule, seen, NOTHING_NOW[seen])
        case Availability.discontinued:
            return _none(rule, Hold.vanished, seen.value, "The supplier no longer sells it.")
        case _:
            assert_never(seen)


def _unknown(facts: Facts, rule: StockRule) -> Stock:
    quantity = facts.last.quantity if facts.last is not None else 0
    return Stock(
        quantity=quantity,
        known=False,
        reasons=("stock unknown",),
        conditions=_still_low(rule),
        outcome=_outcome("unknown", f"What the supplier has is not known: it stays at {quantity}."),
    )


def _later(facts: Facts, rule: StockRule, seen: Availability) -> Stock:
    days = facts.ships_in_days
    how = "on back-order" if seen is Availability.backorder else "made to order"
    if days is None:
        return _sold_out(rule, seen, f"It is {how}; the supplier does not say when it ships.")
    if rule.max_ships_in_days is None:
        said = f"It is {how} and ships in {days} days; the policy allows no waiting."
        return _sold_out(rule, seen, said, f" ships_in_days {days}")
    return _ready(facts, rule, seen)


def _ready(facts: Facts, rule: StockRule, seen: Availability) -> Stock:
    days, most = facts.ships_in_days, rule.max_ships_in_days
    if days is not None and most is not None and days > most:
        said = f"It ships in {days} days; the policy allows {most}."
        return _sold_out(rule, seen, said, f" ships_in_days {days} over {most}")
    if facts.stock is None or facts.quantity_kind is QuantityKind.assumed:
        return _assumed(rule, seen)
    stock = facts.stock
    if stock <= 0:
        return _sold_out(rule, seen, "The supplier has none left.", " 0")
    if facts.quantity_kind is QuantityKind.at_least:
        # A page that says "10+" for ever never tells that what was sold here was bought there.
        facts = replace(facts, sold=0)
    return _counted(facts, stock, rule, seen)


def _assumed(rule: StockRule, seen: Availability) -> Stock:
    quantity = min(rule.cap, rule.assumed_quantity)
    low = seen is Availability.low and rule.low_stock > 0
    return Stock(
        quantity=quantity,
        reasons=(f"stock {seen.value} assumed: {quantity}",),
        conditions=(_low(rule, "The supplier says that few are left."),) if low else (),
        outcome=_outcome("assumed", f"The supplier names no number: {quantity} offered."),
    )


def _counted(facts: Facts, count: int, rule: StockRule, seen: Availability) -> Stock:
    share = rule.percent * count // 100 - rule.buffer
    quantity = max(0, min(rule.cap, share - facts.sold))
    has, formula = _has(facts, count, rule), f"{count}{_formula(facts, rule)}"
    if quantity < rule.min_quantity:
        said = f"{has}: {quantity} could be offered, and under {rule.min_quantity} none is."
        figures = f" {formula}: {quantity} under {rule.min_quantity}"
        enough = min(rule.cap, share) >= rule.min_quantity
        return replace(_sold_out(rule, seen, said, figures), sold_here=enough)
    figure = "reaches cap" if quantity == rule.cap else formula
    return Stock(
        quantity=quantity,
        reasons=(f"stock {seen.value} {figure}: {quantity}",),
        conditions=_few(rule, count, facts.quantity_kind),
        outcome=_outcome("counted", f"{has}: {quantity} offered, at most {rule.cap}."),
    )


def _has(facts: Facts, count: int, rule: StockRule) -> str:
    at_least = "at least " if facts.quantity_kind is QuantityKind.at_least else ""
    number = f"{at_least}{count}{_kept_back(rule)}"
    if not facts.sold:
        return f"The supplier has {number}"
    of_which = "of which" if facts.sold <= count else "and"
    are = "is" if facts.sold == 1 else "are"
    sold = f"{facts.sold} {are} sold here and perhaps not yet bought there"
    return f"The supplier shows {number}, {of_which} {sold}"


def _few(rule: StockRule, count: int, kind: QuantityKind | None) -> tuple[Condition, ...]:
    """Low stock is raised at the threshold and stands until stock is clearly over it again."""
    if rule.low_stock == 0 or count > rule.low_stock + max(1, rule.low_stock // 2):
        return ()
    sure = kind is not QuantityKind.at_least and count <= rule.low_stock
    return (_low(rule, f"The supplier has {count} left.", raises=sure),)


def _still_low(rule: StockRule) -> tuple[Condition, ...]:
    """Nothing shows that low stock is over."""
    said = "The supplier's stock is low."
    return (_low(rule, said, raises=False),) if rule.low_stock else ()


def _low(rule: StockRule, said: str, *, raises: bool = True) -> Condition:
    return Condition(
        kind=AlertKind.low_stock,
        severity="warning",
        message=said,
        threshold=str(rule.low_stock),
        raises=raises,
    )


def _sold_out(rule: StockRule, seen: Availability, said: str, figures: str = "") -> Stock:
    return _none(rule, Hold.out_of_stock, f"{seen.value}{figures}", said)


def _none(rule: StockRule, hold: Hold, reason: str, said: str) -> Stock:
    return Stock(
        quantity=0,
        reasons=(f"stock {reason}",),
        troubles=(Trouble(hold, said),),
        conditions=_still_low(rule),
        outcome=_outcome(hold.value, said),
    )


def _kept_back(rule: StockRule) -> str:
    if rule.percent == 100 and rule.buffer == 0:
        return ""
    share = "" if rule.percent == 100 else f"{rule.percent} % of it"
    buffer = f"{rule.buffer} kept back" if rule.buffer else ""
    return f" ({', '.join(filter(None, (share, buffer)))})"


def _formula(facts: Facts, rule: StockRule) -> str:
    share = "" if rule.percent == 100 else f" x {rule.percent} %"
    buffer = f" - {rule.buffer}" if rule.buffer else ""
    sold = f" - {facts.sold} sold" if facts.sold else ""
    return f"{share}{buffer}{sold}"


def _outcome(outcome: str, said: str) -> RuleOutcome:
    return RuleOutcome(rule="stock", outcome=outcome, said=said)
