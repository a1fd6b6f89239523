"""Only who says nothing is rebuilt; what was found is told so that a person can act on it."""

import json

import pytest
from click.testing import CliRunner, Result

from dropship.cli.commands import dropship
from dropship.cli.log.rebuilding import as_object, tell
from dropship.runtime.rebuilding import Rebuilt


def call(*arguments: str) -> Result:
    return CliRunner().invoke(dropship, arguments)


@pytest.mark.parametrize("service", ["gateway", "tracker", "scraper", "policy", "syncer"])
def test_a_service_that_speaks_is_refused_by_name_and_with_the_reason(service: str) -> None:
    done = call("log", "rebuild", service)
    assert done.exit_code == 1
    assert f"{service} is not rebuilt" in done.output
    assert "would say again" in done.output
    assert "can be rebuilt: analytics" in done.output


def found(**more: object) -> Rebuilt:
    same = {"ledger": "aa", "orders": "bb"}
    values = {"seq": 9, "parked": 0, "running": True, "before": same, "after": same, "events": 7}
    return Rebuilt(**{**values, **more})  # type: ignore[arg-type]


def test_equal_rows_have_one_digest_and_differing_ones_two() -> None:
    equal = as_object("analytics", found(), 0.5)
    assert (equal["equal"], equal["differing"]) == (True, [])
    assert equal["before"] == equal["after"]
    other = as_object("analytics", found(after={"ledger": "aa", "orders": "cc"}), 0.5)
    assert (other["equal"], other["differing"]) == (False, ["orders"])
    assert other["before"] != other["after"]
    json.dumps(other)


def test_people_are_told_what_differs_what_waits_and_what_does_not_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell("analytics", found(), 0.5)
    assert "equal: every row follows from the log" in capsys.readouterr().out
    other = {"ledger": "aa", "orders": "cc"}
    tell(
        "analytics",
        found(after=other, replaced=True, parked=2, failed=["event 3"], running=False),
        0.5,
    )
    told = capsys.readouterr().out
    for part in ("different: orders", "2 parked", "dead list", "event 3", "not running", "up"):
        assert part in told
