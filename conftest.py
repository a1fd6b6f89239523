"""How the tests of the whole repo share a machine: three workers, and two whole stacks at a time.

A file's tests stay together, because their servers do. The system tests are two groups and begin
first, because they take longest: those that share one stack, and those that bring their own.
Services that live on a log of their own find the streams and consumers of production on it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from dropship.runtime.topology import Topology, read

ROOT = Path(__file__).parent
SYSTEM = "tests/integration/"
TOPOLOGY = ROOT / "cli" / "src" / "dropship" / "cli" / "topology.toml"
_OWN = ("campaign", "kills", "shop_safety", "starting_and_stopping", "story", "story_kills")
BRING_THEIR_OWN = frozenset(f"{SYSTEM}test_{name}.py" for name in _OWN)

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out whole groups. (The marks of ``--dist loadgroup`` are lost on pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if not path.startswith(SYSTEM):
            return path
        return "own stacks" if path in BRING_THEIR_OWN else "one stack"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Asked by xdist where there are several workers."""
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The system tests first, those with stacks of their own before all."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.nodeid.partition("::")[0]
    return 0 if path in BRING_THEIR_OWN else 1 if path.startswith(SYSTEM) else 2


@pytest.fixture(scope="session")
def topology_with() -> Callable[[dict[str, Sequence[str]]], Topology]:
    """The topology as it is deployed, with these plugins of each entry-point group."""
    text = TOPOLOGY.read_text(encoding="utf-8")
    return lambda plugins: read(text, lambda group: plugins.get(group, ()))
