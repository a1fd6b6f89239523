"""The demo does the main job and proves it."""

import json
import subprocess
import sys
from pathlib import Path

LIMIT_S = 120


def test_the_demo_imports_from_two_suppliers_and_shows_prices_that_moved(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "aliexpress-1.html").write_text("<html></html>")
    done = subprocess.run(
        [sys.executable, "-m", "dropship.cli", "demo", "--once", "--json", f"--pages={pages}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert set(told["imported"]) == {"amazon", "feed"}
    assert told["price_changes"] > 0
    assert len(told["example"]["prices"]) > 1
    assert told["pages"]["skipped_because"] == {"no plugin reads pages of aliexpress yet": 1}
    assert told["timings"]["total_s"] < LIMIT_S
    assert list((tmp_path / ".data").iterdir()) == []
