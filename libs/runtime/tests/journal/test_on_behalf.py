"""Whose name travels with what is said."""

from toy_words import cause

from dropship.runtime.journal import Cause, on_behalf


def of_anna() -> Cause:
    return Cause.first(cause(1).id, tenant="anna", actor="a-user-of-anna")


def test_what_is_told_to_the_same_tenant_names_its_user() -> None:
    assert on_behalf(of_anna(), "anna") == of_anna()


def test_what_is_told_to_another_tenant_or_to_all_names_nobody() -> None:
    for tenant in ("bert", None):
        told = on_behalf(of_anna(), tenant)
        assert (told.tenant, told.actor) == (tenant, None)
        assert (told.id, told.correlation) == (of_anna().id, of_anna().correlation)
