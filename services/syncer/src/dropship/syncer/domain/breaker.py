"""The breaker: prices that move too far, or too many of them at once, wait for a person.

It knows no floor and no cost. It is there for the day on which those are wrong too.
"""

from dropship.pricing.money import Money

WINDOW_S = 600
"""How long a large move counts, and how long a lifted breaker stays lifted for its store."""
FURTHEST_DROP_BP = 4_000
FURTHEST_RISE_BP = 20_000
LARGE_MOVE_BP = 2_500
MANY = 5
MANY_BP = 2_000
_WHOLE_BP = 10_000


def jumps_too_far(old: Money, new: Money, cleared: Money | None) -> str | None:
    """Why one price moves too far at once, unless a person has let that pass; None if it does not.

    Measured against what the marketplace shows: more than 40 % down, or to more than three times
    as much. `cleared` lets pass what goes no further than it, once.
    """
    if old.currency != new.currency:
        return "the price would change its currency"
    passed = cleared.minor if cleared and cleared.currency == new.currency else None
    moved = (new.minor - old.minor) * _WHOLE_BP
    if -moved > FURTHEST_DROP_BP * old.minor and (passed is None or new.minor < passed):
        return "the price would fall by more than 40 % at once"
    if moved > FURTHEST_RISE_BP * old.minor and (passed is None or new.minor > passed):
        return "the price would rise to more than three times as much at once"
    return None


def share_bp(old: Money, new: Money) -> int:
    """How far a price moves, up or down, in basis points of the one before, rounded up."""
    return -(-abs(new.minor - old.minor) * _WHOLE_BP // max(old.minor, 1))


def is_large(moved_bp: int) -> bool:
    """Whether a move counts towards too many."""
    return moved_bp > LARGE_MOVE_BP


def too_many(moved: int, active: int) -> bool:
    """Whether so many listings of a store with large moves in one window are more than chance.

    More than 5, and more than 20 % of those that are active.
    """
    return moved > MANY and moved * _WHOLE_BP > MANY_BP * active
