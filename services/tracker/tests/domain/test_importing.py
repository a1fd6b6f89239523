"""Whose turn it is, and how long an import waits."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.tracker.domain.importing import (
    FEWEST_SLOTS,
    Look,
    Patience,
    Waiting,
    again_id,
    answers,
    leaves_watch,
    look_id,
    slots,
    take_turns,
)

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CAUSE = UUID(int=7)
LOOK = Look(UUID(int=1), "job-1", NOON, 1)
PATIENCE = Patience(coalesce_s=30, again_after_s=60, deadline_s=300)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def queue(tenants: str) -> list[Waiting]:
    """One import of a product of its own for each letter, oldest first."""
    return [Waiting(f"job-{n}", f"product-{n}", tenant) for n, tenant in enumerate(tenants)]


def order(tenants: str, *, last: str | None, places: int) -> str:
    return "".join(w.tenant_id for w in take_turns(queue(tenants), after=last, places=places))


def test_a_newcomer_is_not_kept_behind_ten_imports_of_somebody_else() -> None:
    assert order("aaaaaaaaaab", last=None, places=3) == "aba"


def test_the_round_goes_on_behind_the_tenant_who_was_served_last() -> None:
    assert order("aabbcc", last="b", places=2) == "ca"


def test_two_imports_of_one_product_take_one_place() -> None:
    waiting = [Waiting("job-1", "kettle", "a"), Waiting("job-2", "kettle", "b")]
    assert [w.job_id for w in take_turns(waiting, after=None, places=5)] == ["job-1"]


def test_no_place_means_no_turn() -> None:
    assert order("ab", last=None, places=0) == ""
    assert order("ab", last=None, places=-3) == ""


@given(st.text("abcd", max_size=30), st.integers(0, 30), st.sampled_from([None, *"abcd"]))
def test_turns_are_as_even_as_the_queues_allow(tenants: str, places: int, last: str | None) -> None:
    served = order(tenants, last=last, places=places)
    assert len(served) == min(places, len(tenants))
    left = [t for t in set(tenants) if tenants.count(t) > served.count(t)]
    assert all(served.count(t) <= min(map(served.count, left), default=99) + 1 for t in tenants)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20), st.integers(1, 3))
def test_whoever_waits_is_served_within_one_round(tenants: list[str], places: int) -> None:
    waiting, last, rounds = queue("".join(tenants)), None, 0
    newest = waiting[-1].tenant_id
    while rounds < 3:
        turns = take_turns(waiting, after=last, places=places)
        if any(turn.tenant_id == newest for turn in turns):
            return
        last, rounds = turns[-1].tenant_id, rounds + 1
        waiting = [one for one in waiting if one not in turns]
    pytest.fail("three tenants, three rounds, and one of them was passed over")


def test_a_large_budget_means_many_looks_at_once_and_a_small_one_still_some() -> None:
    assert slots(6000) == 1000
    assert slots(6) == slots(None) == FEWEST_SLOTS


def test_an_import_shares_a_young_look_and_no_old_one() -> None:
    assert PATIENCE.shares(LOOK, after(29))
    assert not PATIENCE.shares(LOOK, after(30))
    assert not PATIENCE.shares(None, NOON)


def test_a_silent_look_is_asked_for_once_more_and_not_twice() -> None:
    assert not PATIENCE.overdue(LOOK, after(59))
    assert PATIENCE.overdue(LOOK, after(60))
    assert not PATIENCE.overdue(Look(UUID(int=1), "job-1", NOON, 2), after(600))


def test_the_deadline_counts_from_the_moment_somebody_was_asked() -> None:
    assert PATIENCE.deadline(NOON) == after(300)


def test_command_ids_come_from_their_causes_and_never_repeat() -> None:
    assert look_id(CAUSE, "kettle") == look_id(CAUSE, "kettle")
    assert look_id(CAUSE, "kettle") != look_id(CAUSE, "pot")
    first = look_id(CAUSE, "kettle")
    assert len({first, again_id(first), again_id(again_id(first))}) == 3


def test_a_due_check_that_fails_does_not_end_an_import_that_waits_for_its_own_look() -> None:
    assert answers(LOOK.command_id, LOOK)
    assert not answers(UUID(int=2), LOOK)
    assert not answers(UUID(int=2), None)
    assert answers(None, LOOK)


@pytest.mark.parametrize(
    ("outcome", "made", "imported", "elsewhere", "stays"),
    [
        ("cancelled", True, True, False, False),
        ("cancelled", True, False, False, False),
        ("cancelled", False, True, False, True),
        ("cancelled", True, False, True, True),
        ("failed", True, False, False, False),
        ("failed", True, True, False, True),
        ("failed", True, False, True, True),
    ],
)
def test_a_failed_import_leaves_a_watch_only_where_there_is_something_to_show(
    outcome: str, made: bool, imported: bool, elsewhere: bool, stays: bool
) -> None:
    assert (
        leaves_watch(
            "failed" if outcome == "failed" else "cancelled",
            made_the_watch=made,
            imported=imported,
            waits_elsewhere=elsewhere,
        )
        is stays
    )
