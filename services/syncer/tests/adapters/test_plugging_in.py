"""Which of the installed marketplaces are plugged in."""

import sys
from pathlib import Path

import pytest

from dropship.runtime.egress import Egress
from dropship.syncer.adapters.plugged import plugged_in

STALL = """
class Market:
    def __init__(self, name):
        self.name = name

def honest(egress, base_url):
    return Market("honest")

def other(egress, base_url):
    return Market("somebody-else")

def broken(egress, base_url):
    raise RuntimeError("no")
"""


@pytest.fixture
def stalls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that offers three marketplaces."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    tmp_path.joinpath("stalls_of_tests.py").write_text(STALL)
    folder = tmp_path / "stalls_of_tests-1.dist-info"
    folder.mkdir()
    folder.joinpath("METADATA").write_text(
        "Metadata-Version: 2.1\nName: stalls_of_tests\nVersion: 1\n"
    )
    names = ("honest", "other", "broken")
    entries = "\n".join(f"{name} = stalls_of_tests:{name}" for name in names)
    folder.joinpath("entry_points.txt").write_text(f"[dropship.marketplaces]\n{entries}\n")


def test_a_marketplace_whose_work_nobody_would_fetch_is_not_offered(stalls: None) -> None:
    """Commands are queued by the name that a store was connected with."""
    plugged = plugged_in(Egress(development=True), lambda name: None)
    assert "honest" in plugged
    assert {"other", "somebody-else", "broken"}.isdisjoint(plugged)
