"""Which policy decides a listing."""

from collections.abc import Callable
from itertools import permutations

import pytest

from dropship.contracts.policies import Rules
from dropship.policy.domain.scope import Candidate, in_force

Of = Callable[..., Candidate]


@pytest.fixture(scope="module", name="of")
def _of(rules: Callable[..., Rules]) -> Of:
    def made(policy_id: str, store_id: str | None = None, rank: int = 1) -> Candidate:
        return Candidate(
            policy_id=policy_id, version=1, store_id=store_id, rank=rank, rules=rules()
        )

    return made


def decides(*candidates: Candidate, named: str | None = None) -> str | None:
    """The policy that decides a listing of this store, in whatever order they are looked at."""
    found = {
        policy.policy_id if policy else None
        for order in permutations(candidates)
        for policy in [in_force(order, named=named, store_id="here")]
    }
    assert len(found) == 1
    return found.pop()


def test_the_policy_a_listing_names_decides_it(of: Of) -> None:
    shop, store, own = of("shop", rank=9), of("store", "here", rank=9), of("own")
    assert decides(shop, store, own, named="own") == "own"


def test_else_its_stores_policy_else_the_tenants(of: Of) -> None:
    shop, store = of("shop", rank=9), of("store", "here")
    assert decides(shop, store) == "store"
    assert decides(shop, of("store", "elsewhere")) == "shop"
    assert decides() is None


def test_a_policy_made_for_another_store_decides_nothing_even_if_named(of: Of) -> None:
    assert decides(of("shop"), of("own", "elsewhere"), named="own") == "shop"


def test_of_two_as_wide_the_one_defined_last_decides(of: Of) -> None:
    assert decides(of("older", rank=1), of("newer", rank=2)) == "newer"
    assert decides(of("a", "here", rank=2), of("b", "here", rank=1), of("c", rank=3)) == "a"


def test_a_name_nobody_knows_counts_as_none(of: Of) -> None:
    assert decides(of("shop"), named="lost") == "shop"
