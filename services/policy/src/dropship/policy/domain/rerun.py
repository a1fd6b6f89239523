"""A decision made again from its record: the proof that it was made as it says."""

from datetime import datetime

from msgspec import Struct

from dropship.policy.domain.deciding import decide_or_hold
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.domain.wording import money
from dropship.pricing.money import Money


class Record(Struct, frozen=True, kw_only=True):
    """What is kept of an evaluation: all it was given, and what it came to."""

    facts: Facts
    at: datetime
    ruling: Ruling


def rerun(record: Record) -> Ruling:
    """The ruling that the recorded facts lead to today.

    It differs from the recorded one only where a rule or a fee schedule was corrected since.
    """
    return decide_or_hold(record.facts, record.at)


def differences(was: Ruling, now: Ruling) -> tuple[str, ...]:
    """What is not the same, in words; nothing at all if they are the same decision.

    `revisit_at` is not a part of the decision: it also knows of fees announced since.
    """
    pairs = (
        ("price", _sum(was.price), _sum(now.price)),
        ("floor", _sum(was.floor), _sum(now.floor)),
        ("quantity", str(was.quantity), str(now.quantity)),
        ("holds", _list(was.holds), _list(now.holds)),
        ("fee schedule", was.fee_schedule or "none", now.fee_schedule or "none"),
        ("reasons", _list(was.reasons), _list(now.reasons)),
        ("sellable since", str(was.sellable_since), str(now.sellable_since)),
        ("sold here", str(was.sold_here), str(now.sold_here)),
    )
    said = [f"{what} was {before}, is {after}" for what, before, after in pairs if before != after]
    said += [f"{what} said otherwise" for what, same in _texts(was, now) if not same]
    return tuple(said)


def _texts(was: Ruling, now: Ruling) -> tuple[tuple[str, bool], ...]:
    return (
        ("rules", was.rules == now.rules),
        ("breakdown", was.breakdown == now.breakdown),
        ("alerts", was.conditions == now.conditions),
    )


def _sum(amount: Money | None) -> str:
    return "none" if amount is None else money(amount)


def _list(items: tuple[str, ...]) -> str:
    return "; ".join(items) or "none"
