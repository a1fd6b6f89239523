"""How the tests of the whole repo share a machine: three workers, and one stack at a time.

A file's tests stay together, because their servers do. The system tests stay together and begin
first: they take longest, and two whole stacks on two cores would only wait for each other.
Services that live on a log of their own find the streams and consumers of production on it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dropship.runtime.topology import Topology, read

ROOT = Path(__file__).parent
SYSTEM = ROOT / "tests" / "integration"
TOPOLOGY = ROOT / "cli" / "src" / "dropship" / "cli" / "topology.toml"


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group by file, the system tests as one group and first."""
    items.sort(key=lambda item: not _is_system(item))
    for item in items:
        group = "system" if _is_system(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def topology_with() -> Callable[[dict[str, Sequence[str]]], Topology]:
    """The topology as it is deployed, with these plugins of each entry-point group."""
    text = TOPOLOGY.read_text(encoding="utf-8")
    return lambda plugins: read(text, lambda group: plugins.get(group, ()))


def _is_system(item: pytest.Item) -> bool:
    return item.path.is_relative_to(SYSTEM)
