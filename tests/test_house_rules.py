"""The house rules that no linter knows: the repository read as data."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from repo_as_data import (
    PACKAGES,
    ROOT,
    SERVICES,
    calls,
    files,
    imported,
    is_test,
    place,
    pyproject,
    python_files,
    shipped_files,
    source_files,
    source_of,
    tree,
)

LINES_MAX = 400
FUNCTION_LINES_MAX = 70
REFUSED_MODULES = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
ROOMS = {"domain", "handlers", "projections", "queries", "adapters", "migrations"}
OWN_ROOMS = {"gateway": {"http"}}
PAGES = {"__init__.py", "__main__.py", "app.py", "settings.py", "tables.py", "py.typed"}
DECLARATIONS = {"libs/runtime/src/dropship/runtime/house.py add_tables"}
"""Functions longer than a page that are only lists."""

LATE_IMPORTS = {
    "libs/runtime/src/dropship/runtime/service.py ctypes",
    "libs/runtime/src/dropship/runtime/telemetry/traces.py dropship.runtime.telemetry.otlp",
}
"""Imports inside functions: what only some systems have, or few processes need."""

REGISTRIES = re.compile(
    r"py[p]i[.]org|pythonhoste[d]|registry[.]npm[j]s|deb[.]debia[n][.]org", re.IGNORECASE
)
OUR_MACHINES = re.compile(r"/(?:wor[k]|far[m])/(?:mai[n]|i[n]|steerin[g]|share[d])\b|/roo[t]/")
METRIC_KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
NAP = re.compile(r"(?:time|asyncio)\.sleep\((?!0\))")


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_package_shuts_the_others_out_of_the_namespace() -> None:
    assert [place(p) for p in files() if p.parts[-2:] == ("dropship", "__init__.py")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed_and_is_measured_by_the_tests(package: str) -> None:
    measured = pyproject(ROOT)["tool"]["coverage"]["run"]["source_pkgs"]

    assert (source_of(package) / "py.typed").exists()
    assert f"dropship.{package}" in measured or package == "simulators"


def test_no_file_is_longer_than_a_reader_likes() -> None:
    lengths = {place(p): len(text_of(p).splitlines()) for p in python_files()}

    assert {name: n for name, n in lengths.items() if n > LINES_MAX} == {}


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{place(path)} {function.name}"
        for path in python_files()
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES_MAX
    ]

    assert set(long) - DECLARATIONS == set()


def test_no_module_is_called_by_what_it_is_not() -> None:
    assert [place(p) for p in python_files() if p.stem in REFUSED_MODULES] == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        place(path)
        for path in python_files()
        if tree(path).body and ast.get_docstring(tree(path)) is None
    ]

    assert silent == []


def test_the_environment_is_read_in_settings_alone() -> None:
    reads = [
        place(path, node)
        for path in shipped_files()
        if path.name != "settings.py"
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.alias) and node.name in {"environ", "environb", "getenv"})
    ]

    assert reads == []


def test_imports_stand_at_the_top_of_the_file() -> None:
    late = {
        f"{place(path)} {alias.name if isinstance(node, ast.Import) else node.module}"
        for path in shipped_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert late == LATE_IMPORTS


def test_nothing_is_printed_past_the_log() -> None:
    printed = [
        place(path, node)
        for path in shipped_files()
        for name, node in calls(path)
        if name == "print"
    ]

    assert printed == []


def test_tests_wait_for_what_they_expect_and_never_sleep() -> None:
    naps = [
        place(path, call)
        for path in python_files()
        if is_test(path)
        for function in functions(path)
        if function.name.startswith("test_")
        for call in _naps_in(function)
    ]

    assert naps == []


def _naps_in(function: ast.AST) -> Iterator[ast.Call]:
    """Sleeps of a test's own; a fault that a simulated server commits is no nap."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and NAP.match(ast.unparse(node)):
            yield node
        yield from _naps_in(node)


def test_nothing_in_the_repository_names_a_registry_or_a_machine_of_ours() -> None:
    named = [
        f"{place(path)}: {found.group()}"
        for path in files()
        for pattern in (REGISTRIES, OUR_MACHINES)
        if (found := pattern.search(text_of(path)))
    ]

    assert named == []


def test_the_lock_file_stays_at_home_and_exact_pins_travel() -> None:
    pins = pyproject(ROOT)["tool"]["uv"]["constraint-dependencies"]
    listed = ["git", "-C", str(ROOT), "ls-files", "uv.lock"]

    assert subprocess.run(listed, check=True, capture_output=True, text=True).stdout == ""
    assert pins
    assert [pin for pin in pins if "==" not in pin] == []


def decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_tells_its_context_and_its_price(path: Path) -> None:
    number, _, _ = path.stem.partition("-")
    text = text_of(path)

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", path.stem)
    assert text.startswith(f"# {number}: ")
    assert "\n**Status**: " in text
    parts = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert [part for part in parts if part in {"Context", "Decision", "Price"}] == [
        "Context",
        "Decision",
        "Price",
    ]


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.stem[:4] for path in decisions()]

    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_rooms_of_the_house_and_no_others(service: str) -> None:
    home = source_of(service)
    allowed = ROOMS | OWN_ROOMS.get(service, set())
    entries = {path.relative_to(home).parts[0] for path in files() if path.is_relative_to(home)}
    rooms = {name for name in entries if (home / name).is_dir()}

    assert rooms <= allowed
    assert entries - rooms == PAGES
    for room in rooms:
        assert [p for p in source_files(service) if p.is_relative_to(home / room) and tree(p).body]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_wires_itself_on_one_screen(service: str) -> None:
    assert len(text_of(source_of(service) / "app.py").splitlines()) <= 120


def test_the_language_needs_msgspec_and_the_standard_library_alone() -> None:
    allowed = {*sys.stdlib_module_names, "msgspec"}
    strangers = [
        f"{place(path, node)} {name}"
        for path in source_files("contracts")
        for name, node in imported(path)
        if name.split(".")[0] not in allowed and not name.startswith("dropship.contracts.")
    ]

    assert strangers == []
    assert [d[:7] for d in pyproject(PACKAGES["contracts"])["project"]["dependencies"]] == [
        "msgspec"
    ]


def test_tests_of_the_whole_see_a_service_only_from_outside() -> None:
    insides = [
        f"{place(path, node)} {name}"
        for path in python_files()
        if path.is_relative_to(ROOT / "tests" / "integration")
        for name, node in imported(path)
        if name.startswith(tuple(f"dropship.{service}" for service in SERVICES))
    ]

    assert insides == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_touches_no_table_of_another(service: str) -> None:
    others = "|".join(name for name in SERVICES if name != service)
    foreign = re.compile(
        rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+\"?(?:{others})\"?\.\w", re.IGNORECASE
    )
    touched = [
        place(path, node)
        for path in source_files(service)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if foreign.search(node.value)
    ]

    assert touched == []


def test_every_metric_stands_on_the_page_of_metrics() -> None:
    elsewhere = [
        place(path, node)
        for path in python_files(tests=False)
        if path.parts[-2:] != ("telemetry", "metrics.py")
        for name, node in imported(path)
        if name.startswith("prometheus_client.") and name.rpartition(".")[2] in METRIC_KINDS
    ]

    assert elsewhere == []


def plugged_in() -> Iterator[tuple[str, str, str]]:
    """Service, name and module of every first-party plugin, as the entry points tell it."""
    for service in SERVICES:
        groups = pyproject(PACKAGES[service])["project"].get("entry-points", {})
        for group, plugins in groups.items():
            if group.startswith("dropship."):
                for name, target in plugins.items():
                    yield service, name, target.partition(":")[0]


@pytest.mark.parametrize(("service", "name", "module"), [*plugged_in()])
def test_every_plugin_keeps_the_promises_of_its_port(service: str, name: str, module: str) -> None:
    suites = [
        path
        for path in python_files()
        if path.is_relative_to(PACKAGES[service] / "tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Conformance") for base in node.bases)
        and any(found.startswith(module) for found, _ in imported(path))
    ]

    assert suites, f"{name} needs a test class that inherits the conformance suite of its port"
