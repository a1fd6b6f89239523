"""How the tests of the whole repo share a machine: three workers, and one stack at a time.

A file's tests stay together, because their servers do. The system tests stay together and begin
first: they take longest, and two whole stacks on two cores would only wait for each other.
"""

from pathlib import Path

import pytest

SYSTEM = Path(__file__).parent / "tests" / "integration"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group by file, the system tests as one group and first."""
    items.sort(key=lambda item: not _is_system(item))
    for item in items:
        group = "system" if _is_system(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _is_system(item: pytest.Item) -> bool:
    return item.path.is_relative_to(SYSTEM)
