"""The arrows that must never exist are drawn on purpose, and each is noticed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repo_as_data import PACKAGES, ROOT, source_of

LINT = Path(sys.executable).parent / "lint-imports"
TRACKER, GATEWAY = "services/tracker/src/dropship/tracker", "services/gateway/src/dropship/gateway"
SCRAPER = "services/scraper/src/dropship/scraper"
PLANTED = {
    "a service knows another": (f"{TRACKER}/tables.py", "dropship.scraper.tables"),
    "the language knows a house": ("libs/contracts/src/dropship/contracts/money.py", "httpx"),
    "the language knows how we live": (
        "libs/contracts/src/dropship/contracts/ids.py",
        "dropship.runtime.clock",
    ),
    "runtime knows a word of the trade": (
        "libs/runtime/src/dropship/runtime/journal.py",
        "dropship.contracts.products",
    ),
    "runtime knows a service": (
        "libs/runtime/src/dropship/runtime/bus.py",
        "dropship.tracker.tables",
    ),
    "a rule lives": (f"{TRACKER}/domain/watching.py", "dropship.runtime.journal"),
    "a rule looks at the clock": (f"{TRACKER}/domain/offers.py", "time"),
    "a rule throws dice": (f"{SCRAPER}/domain/pacing.py", "random"),
    "a rule waits": (f"{GATEWAY}/domain/jobs.py", "asyncio"),
    "a rule asks the network": (f"{SCRAPER}/domain/reading.py", "httpx"),
    "a rule knows its rows": (f"{GATEWAY}/domain/accounts.py", "dropship.gateway.tables"),
    "a memory calls the outside": (
        f"{GATEWAY}/projections/suppliers.py",
        "dropship.gateway.adapters.passwords",
    ),
    "a memory speaks on the bus": (f"{TRACKER}/projections/watches.py", "dropship.runtime.bus"),
    "an answer does something": (
        f"{GATEWAY}/queries/people.py",
        "dropship.gateway.handlers.request_import",
    ),
    "the outside knows who called": (
        f"{GATEWAY}/adapters/passwords.py",
        "dropship.gateway.handlers.sign_in",
    ),
    "a deed knows the wiring": (f"{GATEWAY}/handlers/sweep.py", "dropship.gateway.app"),
    "a deed knows the web": (f"{GATEWAY}/handlers/visits.py", "dropship.gateway.http.edge"),
    "the command line knows the wiring": (
        "cli/src/dropship/cli/options.py",
        "dropship.gateway.app",
    ),
    "the judge knows the judged": (
        "simulators/src/dropship/simulators/clock.py",
        "dropship.contracts.ids",
    ),
    "the judged know their judge": (f"{TRACKER}/settings.py", "dropship.simulators.clock"),
}


def lint(house: Path) -> tuple[int, str]:
    """What import-linter says of a house that stands elsewhere."""
    sources = [str(house / source_of(p).parent.parent.relative_to(ROOT)) for p in PACKAGES]
    done = subprocess.run(
        [LINT, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=house,
        env={"PYTHONPATH": ":".join(sources), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def module_of(path: str) -> str:
    return path.partition("/src/")[2].removesuffix(".py").replace("/", ".")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        source = source_of(package)
        shutil.copytree(
            source, copy / source.relative_to(ROOT), ignore=shutil.ignore_patterns("__pycache__")
        )
    return copy


@pytest.fixture(scope="module")
def verdict(house: Path) -> str:
    """What is said of the house once it holds every forbidden arrow and a room too many."""
    for path, target in PLANTED.values():
        with (house / path).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {target}\n")
    (house / TRACKER / "business.py").write_text('"""A room nobody knows."""\n', encoding="utf-8")
    status, said = lint(house)
    assert status != 0
    return said


def test_the_house_as_it_stands_has_none_of_them(house: Path) -> None:
    status, said = lint(ROOT)

    assert status == 0, said
    assert house.is_dir()


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_a_forbidden_arrow_is_noticed(verdict: str, planted: tuple[str, str]) -> None:
    path, target = planted

    assert f"{module_of(path)} -> {target}" in verdict


def test_a_room_that_is_not_of_the_house_is_noticed(verdict: str) -> None:
    assert "dropship.tracker.business" in verdict
