"""The first command of the README keeps its word."""

import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integration import programs
from integration.running import Homes, dropship

PAGES = Path(__file__).parents[3] / "shared" / "pages"
LONGEST_S = 120


@pytest.fixture(scope="module")
async def summary(homes: Homes) -> dict[str, Any]:
    """The last line of a demo that is told once, with saved pages where there are any."""
    pages = ("--pages", str(PAGES)) if PAGES.is_dir() else ()
    with homes() as home:
        began = time.monotonic()
        done = await dropship("demo", "--once", "--json", *pages, settings={"HOME": str(home)})
        assert done.code == 0, done.said
        assert time.monotonic() - began < LONGEST_S
        assert not list(home.glob("*")), "nothing of it is kept"
        left = [
            pid
            for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if str(home).encode() in programs.command_line(pid)
        ]
        assert left == []
    found: dict[str, Any] = msgspec.json.decode(done.said.splitlines()[-1].encode())
    return found


async def test_the_demo_imports_from_two_suppliers_and_its_histories_show_how_prices_moved(
    summary: dict[str, Any],
) -> None:
    assert summary["ok"] is True
    assert summary["imported"].keys() == {"amazon", "feed"}
    assert min(summary["imported"].values()) > 0
    assert summary["checks"] > 0
    assert summary["price_changes"] > 0
    assert len(summary["example"]["prices"]) > 1


async def test_the_demo_imports_every_saved_product_page_that_a_plugin_reads(
    summary: dict[str, Any],
) -> None:
    if summary["pages"] is None:
        pytest.skip("there is no folder of saved pages beside the repository (../shared/pages)")
    pages = summary["pages"]
    assert pages["failures"] == {}
    assert pages["imported"] >= 14
    assert pages["imported"] + pages["skipped"] == pages["found"]
