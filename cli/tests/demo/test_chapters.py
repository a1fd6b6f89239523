"""The demo knows an amount from one that only looks like it."""

import pytest

from dropship.cli.demo.chapters import named_in


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("at cost 9.99 USD: 13.55", True),
        ("cost 9.99", True),
        ("at cost 29.99 USD: 38.10", False),
        ("at cost 9.995 USD: 13.56", False),
    ],
)
def test_a_decision_rests_on_a_cost_only_if_it_names_that_very_cost(text: str, named: bool) -> None:
    assert named_in("9.99", ["nothing", text]) is named
