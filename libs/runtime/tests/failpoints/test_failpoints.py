"""Planted failures: they strike where and when they are told to, and never in production."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropship.runtime.failpoints import NAMES, FailpointError, arm, failpoint

KILLED = """
import asyncio
from dropship.runtime.failpoints import arm, failpoint
arm("relay.published=kill%{marker}", development=True)
asyncio.run(failpoint("relay.published"))
print("survived")
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("", development=False)


async def test_nothing_happens_anywhere_when_nothing_is_armed() -> None:
    for name in NAMES:
        await failpoint(name)


async def test_an_error_strikes_on_the_passage_it_was_set_for_and_only_there() -> None:
    arm("hearing.before_commit=error@3; relay.read=error", development=True)
    await failpoint("hearing.before_commit")
    await failpoint("hearing.before_commit")
    with pytest.raises(FailpointError, match=r"hearing\.before_commit"):
        await failpoint("hearing.before_commit")
    await failpoint("hearing.before_commit")
    with pytest.raises(FailpointError):
        await failpoint("relay.read")


async def test_a_stall_holds_the_caller_up_for_its_time() -> None:
    arm("asking.received=stall:0.05@1", development=True)
    loop = asyncio.get_running_loop()
    before = loop.time()
    await failpoint("asking.received")
    assert loop.time() - before >= 0.045


def test_a_kill_takes_the_process_once_and_spares_the_restarted_one(tmp_path: Path) -> None:
    script = KILLED.format(marker=tmp_path / "fired")
    first = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert first.returncode == -9
    second = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert second.stdout == b"survived\n"


def test_failpoints_are_refused_outside_development() -> None:
    with pytest.raises(ValueError, match="development"):
        arm("relay.read=error", development=False)


@pytest.mark.parametrize(
    "spec", ["relay.reed=error", "relay.read", "relay.read=explode", "relay.read=error@0"]
)
def test_a_misspelt_rule_is_refused_rather_than_ignored(spec: str) -> None:
    with pytest.raises(ValueError, match="failpoint"):
        arm(spec, development=True)


async def test_a_place_that_is_not_registered_is_found_out_as_soon_as_anything_is_armed() -> None:
    arm("relay.read=error", development=True)
    with pytest.raises(ValueError, match="not registered"):
        await failpoint("relay.misspelt")
