"""Who may watch what."""

from dropship.contracts.ids import instance_of
from dropship.tracker.domain.watching import NOT_YOURS, refusal

MINE = "6d1f7d3c-5c0b-4f39-9a2e-0c5b5a3c7a11"
YOURS = "0b0c9f4e-61b4-4b0e-8f55-1d2d3c4b5a66"


def test_an_open_supplier_is_anybody_s_to_watch() -> None:
    assert refusal("amazon-de", MINE) is None


def test_a_feed_is_its_tenant_s_alone() -> None:
    assert refusal(instance_of("feed", MINE), MINE) is None
    assert refusal(instance_of("feed", MINE, "wholesale"), MINE) is None
    assert refusal(instance_of("feed", YOURS), MINE) == NOT_YOURS
