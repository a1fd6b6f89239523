"""What a listing should be: the rules in order, and their findings folded into one ruling."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import Rules
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.domain.finding import Finding, Trouble
from dropship.policy.domain.ground import Ground, NoGround, fees_change_at, ground_of
from dropship.policy.domain.rules.cost_move import cost_move_of
from dropship.policy.domain.rules.fit import fit_of
from dropship.policy.domain.rules.floor import floor_of, stricter
from dropship.policy.domain.rules.pause import Pause, conditions_of, pause_of
from dropship.policy.domain.rules.stock import Stock, stock_of
from dropship.policy.domain.rules.target_price import fits, price_of
from dropship.policy.domain.wording import money
from dropship.pricing.breakdown import breakdown, readable
from dropship.pricing.money import Money
from dropship.pricing.terms import Terms

UNDECIDED = "undecided"
TRIED_AGAIN = timedelta(hours=1)


class Priced(Struct, frozen=True, kw_only=True):
    """What the rules about money came to."""

    findings: tuple[Finding, ...]
    terms: Terms | None = None
    floor: Money | None = None
    price: Money | None = None
    margin_is_back: bool = False


def decide(facts: Facts, at: datetime) -> Ruling:
    """The ruling on one listing: the same for the same facts and moment, on any machine.

    `facts.last` and `facts.sellable_since` come from the ruling before; with them left out, a pause
    ends without having been waited for.
    """
    if facts.policy is None:
        return _unruled(facts)
    rules = facts.policy.rules
    priced = _priced(facts, rules, at)
    stock = stock_of(facts, rules.stock)
    findings = (*priced.findings, stock, fit_of(facts, rules.pause))
    pause = pause_of(
        facts,
        rules.pause,
        tuple(trouble for finding in findings for trouble in finding.troubles),
        at,
        stock_known=stock.known,
        sold_here=stock.sold_here,
        margin_is_back=priced.margin_is_back,
    )
    findings = (*findings, cost_move_of(facts, rules.cost_move), pause)
    return _folded(facts, at, priced, stock, pause, findings)


def decide_or_hold(facts: Facts, at: datetime) -> Ruling:
    """As `decide`; but where a rule fails on these facts, which is a fault of ours, the listing is
    held until it is mended. One that nobody can decide must not keep all others undecided.
    """
    try:
        return decide(facts, at)
    except Exception as error:
        return undecided(facts, error, at)


def undecided(facts: Facts, error: Exception, at: datetime) -> Ruling:
    """Held with the fault as the reason. It is tried again later: a next release may decide it."""
    said = "It cannot be decided, by a fault of ours: it is held until that is mended."
    outcome = RuleOutcome(rule="policy", outcome=UNDECIDED, said=said)
    ruling = _held(facts, Hold.no_price, outcome, f"{UNDECIDED}: {error!r}"[:200])
    return replace(ruling, revisit_at=at + TRIED_AGAIN, sellable_since=facts.sellable_since)


def _priced(facts: Facts, rules: Rules, at: datetime) -> Priced:
    try:
        ground = ground_of(facts, rules, at)
    except NoGround as missing:
        return Priced(findings=(_unpriced(facts, missing),))
    floor = floor_of(ground, rules.floor)
    price = price_of(ground, rules.price, floor)
    return Priced(
        findings=(floor, price),
        terms=ground.terms,
        floor=floor.price,
        price=price.price,
        margin_is_back=_margin_is_back(facts, rules, ground),
    )


def _unpriced(facts: Facts, missing: NoGround) -> Finding:
    cost = "unknown" if facts.cost is None else money(facts.cost)
    return Finding(
        outcome=RuleOutcome(rule="target_price", outcome="unknown", said=missing.said),
        reasons=(f"no_price at cost {cost}: {missing.reason}",),
        troubles=(Trouble(Hold.no_price, missing.said),),
    )


def _margin_is_back(facts: Facts, rules: Rules, ground: Ground) -> bool:
    """Asked only of a listing that is held for its margin: of others it is true."""
    if facts.last is None or Hold.low_margin.value not in facts.last.holds:
        return True
    return fits(ground, floor_of(ground, stricter(rules.floor, rules.pause.resume_margin)))


def _folded(
    facts: Facts,
    at: datetime,
    priced: Priced,
    stock: Stock,
    pause: Pause,
    findings: tuple[Finding, ...],
) -> Ruling:
    price = priced.price or _standing_price(facts, priced.floor)
    moments = (pause.revisit_at, fees_change_at(facts.fee_schedule, at))
    shown = () if priced.terms is None or price is None else _breakdown(priced.terms, price)
    return Ruling(
        price=price,
        floor=priced.floor,
        quantity=0 if pause.holds else stock.quantity,
        holds=pause.holds,
        reasons=tuple(reason for finding in findings for reason in finding.reasons),
        rules=tuple(finding.outcome for finding in findings),
        breakdown=shown,
        conditions=tuple(each for finding in findings for each in finding.conditions),
        revisit_at=min((moment for moment in moments if moment is not None), default=None),
        sellable_since=pause.sellable_since,
        fee_schedule=None if priced.terms is None else priced.terms.schedule.id,
        sold_here=pause.sold_here,
    )


def _unruled(facts: Facts) -> Ruling:
    said = "No policy decides this listing: define one, or name one for it."
    cost = "unknown" if facts.cost is None else money(facts.cost)
    seen = "unknown" if facts.availability is None else facts.availability.value
    outcome = RuleOutcome(rule="policy", outcome="none", said=said)
    return _held(facts, Hold.no_policy, outcome, f"no_policy at cost {cost}, {seen}")


def _held(facts: Facts, hold: Hold, outcome: RuleOutcome, reason: str) -> Ruling:
    """The ruling where no rule is asked."""
    return Ruling(
        price=_standing_price(facts, None),
        floor=None,
        quantity=0,
        holds=(hold,),
        reasons=(reason,),
        rules=(outcome,),
        conditions=conditions_of((Trouble(hold, outcome.said),)),
    )


def _standing_price(facts: Facts, floor: Money | None) -> Money | None:
    """The price of the last decision, unless it lies under the floor of now."""
    price = None if facts.last is None else facts.last.price
    if price is None or price.currency != facts.currency:
        return None
    return None if floor is not None and price < floor else price


def _breakdown(terms: Terms, price: Money) -> tuple[str, ...]:
    return tuple(readable(breakdown(terms, price)).splitlines())
