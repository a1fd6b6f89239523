"""Writes the exact version of every package into the root pyproject.toml, from the lock file.

The lock file itself names the host it was made from, so it stays at home; these pins travel instead
and lead every machine to the same versions. ``--release`` takes the pins out, for a new resolution.
"""

import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PINS = re.compile(r"^constraint-dependencies = \[.*?^\]\n", re.MULTILINE | re.DOTALL)


def pins(packages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """``name==version`` of all that is not ours, with a marker where a package has several."""
    versions: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for package in packages:
        if "registry" in package["source"]:
            markers = " or ".join(f"({marker})" for marker in package.get("resolution-markers", []))
            versions[package["name"]].append((package["version"], markers))
    for name, found in sorted(versions.items()):
        for version, markers in found:
            yield f"{name}=={version}" + (f" ; {markers}" if len(found) > 1 else "")


def written(pyproject: str, exact: Iterable[str]) -> str:
    lines = "".join(f'  "{pin}",\n' for pin in exact)
    block = f"constraint-dependencies = [\n{lines}]\n"
    if PINS.search(pyproject):
        return PINS.sub(lambda _: block, pyproject)
    return pyproject.replace("[tool.uv]\n", f"[tool.uv]\n{block}", 1)


def main() -> None:
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    locked: list[dict[str, Any]] = []
    if "--release" not in sys.argv:
        locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    path.write_text(written(text, pins(locked)), encoding="utf-8")


if __name__ == "__main__":
    main()
