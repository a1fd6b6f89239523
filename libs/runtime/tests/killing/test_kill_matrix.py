"""Each failpoint with each of {kill -9, exception, stall}, with two real processes under load.

The points are struck in rounds, one of each part of the runtime at a time, in both processes but
each once. After every round everything acknowledged must have happened exactly once.
"""

import time
from pathlib import Path

import pytest
from toy_checks import at_rest, violations
from toy_stack import Stack, stack
from toy_takeover import takeovers

from dropship.runtime.failpoints import NAMES
from toy_house import Toy

STALL_S = 10
"""Longer than ack_wait (1 s), than an asker's patience (2 s) and than a session may be idle (5 s).
A whole process that hangs is another test (`test_killed_parts.py`)."""

TAKING_UP = {"relay.locked", "relay.fenced"}
"""Passed only when a relay takes its lock."""


@pytest.fixture
def window() -> str:
    return "100ms"


@pytest.fixture
def ack_wait() -> str:
    return "1s"


def rounds() -> list[list[str]]:
    """One point of each part at a time."""
    parts: dict[str, list[str]] = {}
    for name in sorted(NAMES):
        parts.setdefault(name.split(".")[0], []).append(name)
    longest = max(map(len, parts.values()))
    return [[names[n] for names in parts.values() if n < len(names)] for n in range(longest)]


async def strike(running: Stack, names: list[str], action: str, folder: Path) -> float:
    """Strike these points under load; how long until all was at rest again."""
    markers = {name: folder / f"{name}.{action.partition(':')[0]}" for name in names}
    await running.arm(";".join(f"{name}={action}%{path}" for name, path in markers.items()))
    if TAKING_UP & set(names):
        await running.lose_sessions()
    await running.load_until(lambda: all(path.exists() for path in markers.values()))
    struck = max(path.stat().st_mtime for path in markers.values())
    await at_rest(running.toy, within_s=60)
    rested = time.time() - struck
    broken = await violations(running.toy, running.promised)
    assert broken == [], f"after {action} at {names}"
    return rested


@pytest.mark.parametrize("action", ["kill", "error", f"stall:{STALL_S}"])
async def test_whatever_strikes_wherever_all_that_was_acknowledged_happens_once(
    toy: Toy, tmp_path: Path, action: str
) -> None:
    async with stack(toy, tmp_path) as running:
        await running.load(8)
        rested = [await strike(running, names, action, tmp_path) for names in rounds()]
        report = takeovers(running.log(), rested)
        (tmp_path / "takeovers.txt").write_text(report)
    fired = tmp_path.glob(f"*.{action.partition(':')[0]}")
    assert {path.name.rsplit(".", 1)[0] for path in fired} == NAMES
    print(f"\n{action}: {running.promised.moves} asks\n{report}")  # noqa: T201 - the report
