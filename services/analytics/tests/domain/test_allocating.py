"""An amount spread over lines adds up to itself, and nobody gets more than their due."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.analytics.domain.allocating import allocate

AMOUNTS = st.integers(-(10**12), 10**12)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (106, [2633], [106]),
        (5, [10, 20, 30], [1, 2, 2]),
        (10, [0, 0, 3], [0, 0, 10]),
        (7, [0, 0], [4, 3]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [], []),
        (6000, [1000, 2000, 3000], [1000, 2000, 3000]),
    ],
)
def test_the_largest_remainders_get_the_cents_that_are_left(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert allocate(total, weights) == shares


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_and_are_less_than_a_cent_from_exact(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    if any(weights):
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share - Fraction(total * weight, sum(weights))) < 1


@given(WEIGHTS)
def test_an_amount_that_is_the_sum_of_its_lines_is_split_into_just_these(
    weights: list[int],
) -> None:
    assert allocate(sum(weights), weights) == (weights if any(weights) else [0] * len(weights))


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [1, -1])])
def test_what_cannot_be_spread_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"spread|negative"):
        allocate(total, weights)
