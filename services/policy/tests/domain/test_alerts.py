"""Each cause is told once, and none for ever."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from dropship.contracts.alerts import AlertKind
from dropship.policy.domain.alerts import GONE, SUPERSEDED, changes
from dropship.policy.domain.facts import Condition, Ruling


class Told(Struct, frozen=True):
    """An alert as somebody remembers it."""

    kind: AlertKind
    number: int = 1


def level(kind: AlertKind, *, raises: bool = True) -> Condition:
    return Condition(kind=kind, severity="warning", message="Look.", raises=raises)


def move() -> Condition:
    return Condition(kind=AlertKind.cost_moved, severity="warning", message="Up.", edge=True)


SOLD_OUT, LOW = AlertKind.out_of_stock, AlertKind.low_stock


def test_a_new_cause_is_told() -> None:
    assert changes([level(SOLD_OUT)], []) == ((), (level(SOLD_OUT),))


def test_a_cause_that_lasts_is_not_told_again() -> None:
    assert changes([level(SOLD_OUT)], [Told(SOLD_OUT)]) == ((), ())


def test_a_cause_that_is_gone_is_over_and_may_be_told_anew() -> None:
    assert changes([], [Told(SOLD_OUT)]) == (((Told(SOLD_OUT), GONE),), ())
    assert changes([level(SOLD_OUT)], []).wanted == (level(SOLD_OUT),)


def test_in_the_band_between_an_alert_stands_but_none_is_raised() -> None:
    between = level(LOW, raises=False)
    assert changes([between], [Told(LOW)]) == ((), ())
    assert changes([between], []) == ((), ())


def test_a_second_move_supersedes_the_first() -> None:
    assert changes([move()], [Told(AlertKind.cost_moved)]) == (
        ((Told(AlertKind.cost_moved), SUPERSEDED),),
        (move(),),
    )


def test_a_move_stays_told_though_the_cost_is_quiet() -> None:
    assert changes([], [Told(AlertKind.cost_moved)]) == ((), ())


def test_one_cause_may_go_while_another_comes() -> None:
    found = changes([level(SOLD_OUT)], [Told(LOW)])
    assert found == (((Told(LOW), GONE),), (level(SOLD_OUT),))


KINDS = st.sampled_from([SOLD_OUT, LOW, AlertKind.low_margin, AlertKind.cost_moved])
SETS_OF_CONDITIONS = st.lists(
    st.tuples(KINDS, st.booleans()), unique_by=lambda pair: pair[0], max_size=4
)


@given(st.lists(SETS_OF_CONDITIONS, max_size=12))
def test_at_most_one_alert_of_a_kind_ever_stands(
    history: list[list[tuple[AlertKind, bool]]],
) -> None:
    standing: list[Told] = []
    number = 0
    for seen in history:
        conditions = [
            move() if kind is AlertKind.cost_moved else level(kind, raises=raises)
            for kind, raises in seen
        ]
        found = changes(conditions, standing)
        ended = [alert for alert, _ in found.over]
        standing = [alert for alert in standing if alert not in ended]
        for condition in found.wanted:
            number += 1
            standing.append(Told(condition.kind, number))
        assert len({alert.kind for alert in standing}) == len(standing)
        wanted = {one.kind for one in conditions if one.raises}
        assert wanted <= {alert.kind for alert in standing}
        levels = {alert.kind for alert in standing} - {AlertKind.cost_moved}
        assert levels <= {one.kind for one in conditions}


@given(st.lists(st.integers(0, 5), min_size=2, max_size=40))
def test_a_stock_that_wavers_under_the_band_is_told_once(
    decided: Callable[..., Ruling], counts: list[int]
) -> None:
    """Threshold 3, so the alert stands to a stock of 4; a sold-out thing is still low."""
    raised = 0
    standing: list[Told] = []
    for count in (min(count, 4) for count in counts):
        found = changes(decided(stock=count).conditions, standing)
        raised += sum(one.kind is LOW for one in found.wanted)
        ended = [alert for alert, _ in found.over]
        standing = [alert for alert in standing if alert not in ended]
        standing += [Told(one.kind) for one in found.wanted]
    assert raised <= 1
