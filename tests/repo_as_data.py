"""The repository as data for the house rules: its files, its syntax trees, its packages."""

import ast
import base64
import importlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dropship.runtime.service import Service
from dropship.runtime.settings import ServiceSettings

ROOT = Path(__file__).parent.parent
SERVICES = ("gateway", "tracker", "scraper", "policy", "syncer", "analytics")
PACKAGES = {
    **{name: ROOT / "libs" / name for name in ("contracts", "pricing", "runtime")},
    **{name: ROOT / "services" / name for name in SERVICES},
    "simulators": ROOT / "simulators",
    "cli": ROOT / "cli",
}
_ITALICS = re.compile(r"(?<!\*)\*(?!\*).*?(?<!\*)\*(?!\*)", re.DOTALL)
_LINE = re.compile(r"^- \*\*(\w+)\*\*:? (.*?)(?=^- \*\*|\n\n|\Z)", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"`((?:[A-Z][a-z]+)*)([A-Z][a-z]+)((?:/[A-Z][a-z]+)*)`")


@cache
def files() -> tuple[Path, ...]:
    """Everything that is, or is about to be, under version control."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run(
        [*command, "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout
    found = (ROOT / name for name in sorted(set(listed.split("\0"))) if name)
    return tuple(path for path in found if path.is_file())


def python_files(*, tests: bool = True) -> Iterator[Path]:
    """The Python files, with or without the tests."""
    for path in files():
        if path.suffix == ".py" and (tests or not is_test(path)):
            yield path


def is_test(path: Path) -> bool:
    return "tests" in path.relative_to(ROOT).parts


def source_files(package: str) -> list[Path]:
    """What a package ships."""
    return [path for path in python_files() if path.is_relative_to(source_of(package))]


def shipped_files() -> list[Path]:
    """What all packages ship."""
    return [path for package in PACKAGES for path in source_files(package)]


def source_of(package: str) -> Path:
    return PACKAGES[package] / "src" / "dropship" / package


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, node: ast.AST | None = None) -> str:
    """A file and line as an editor opens it."""
    line = f":{getattr(node, 'lineno', 1)}" if node is not None else ""
    return f"{path.relative_to(ROOT)}{line}"


def imported(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every absolute module named by an import, wherever it stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a chain of names, or an empty text."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, by the full name of what is called as its imports tell it."""
    known = {name.rpartition(".")[2]: name for name, _ in imported(path)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            head, _, rest = name.partition(".")
            full = known.get(head, head)
            yield (f"{full}.{rest}" if rest else full), node


@cache
def pyproject(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def settings_class(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"dropship.{service}.settings")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ServiceSettings)
        and value.__module__ == module.__name__
    )
    return found


@cache
def wired(service: str) -> Service:
    """The service as `app.py` wires it, with settings that lead nowhere; it is never started."""
    told = {
        "database_url": "postgresql://nobody@127.0.0.1:9/none",
        "seal_key": base64.b64encode(bytes(32)).decode(),
    }
    settings = settings_class(service).model_validate(told)
    built = importlib.import_module(f"dropship.{service}.app").build(settings)
    assert isinstance(built, Service)
    return built


def readme_lines(service: str) -> dict[str, str]:
    """``- **hears** …`` and the others, without the italics that tell of later releases."""
    text = (PACKAGES[service] / "README.md").read_text(encoding="utf-8")
    return {word: _ITALICS.sub("", line) for word, line in _LINE.findall(text)}


def names_in(text: str) -> set[str]:
    """Messages named in prose: `` `PriceChanged` ``, or `` `ImportCompleted/Failed` `` for two."""
    return {
        noun + verb
        for noun, first, others in _NAME.findall(text)
        for verb in (first, *others.split("/")[1:])
    }
