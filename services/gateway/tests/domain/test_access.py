"""Who may do what."""

import pytest

from dropship.gateway.domain.access import OF_ROLE, Role, Scope, scopes_of_key, scopes_of_user


def test_a_higher_role_may_do_all_that_a_lower_one_may() -> None:
    assert OF_ROLE[Role.viewer] < OF_ROLE[Role.editor] < OF_ROLE[Role.owner]
    assert Scope.account not in OF_ROLE[Role.editor]


def test_a_role_nobody_knows_may_do_nothing() -> None:
    assert scopes_of_user("emperor") == frozenset()


@pytest.mark.parametrize("role", Role)
def test_a_key_may_do_no_more_than_its_maker_and_never_touches_accounts(role: Role) -> None:
    everything = [scope.value for scope in Scope]
    allowed = scopes_of_key(everything, role)
    assert allowed <= OF_ROLE[role]
    assert allowed <= {Scope.read, Scope.write}


def test_a_key_may_do_no_more_than_was_granted() -> None:
    assert scopes_of_key(["read"], Role.owner) == {Scope.read}
    assert scopes_of_key(["conquer"], Role.owner) == frozenset()
