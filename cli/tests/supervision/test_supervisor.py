"""Programs are started in order, started again after a crash, and stopped in reverse order."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dropship.cli.supervision.kept import Kept, State
from dropship.cli.supervision.part import EXIT_CONFIG, CannotStart, Part
from dropship.cli.supervision.supervisor import Stage, Supervisor
from dropship.runtime.embedded import Program, StartFailed

TOY = """
import os, signal, sys, time
name, diary, drain_s = sys.argv[1], sys.argv[2], float(sys.argv[3])
def write(what):
    with open(diary, "a") as out:
        out.write(f"{name} {what}\\n")
def stop(*_):
    write("asked")
    time.sleep(drain_s)
    write("gone")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print(f"{name} speaks", flush=True)
write("up")
time.sleep(60)
"""


class Diary:
    """What the toys wrote down, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def toy(self, name: str, drain_s: float = 0.0, stop_timeout_s: float = 5.0) -> Part:
        argv = (sys.executable, "-c", TOY, name, str(self.path), str(drain_s))

        async def probe() -> str | None:
            return None if f"{name} up" in self.lines else "not up yet"

        program = Program(name=name, argv=argv)
        return Part(name=name, prepare=lambda: program, probe=probe, stop_timeout_s=stop_timeout_s)


def script(name: str, code: str, *, once: bool = False) -> Part:
    program = Program(name=name, argv=(sys.executable, "-c", code))
    return Part(name=name, prepare=lambda: program, once=once)


async def never() -> str | None:
    return "not ready"


def never_ready(name: str, code: str) -> Part:
    return replace(script(name, code), probe=never)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


async def until(predicate: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def started(tmp_path: Path, *stages: Stage) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(stages, tmp_path)
    try:
        await supervisor.start(timeout_s=10)
        yield supervisor
    finally:
        await supervisor.stop()


def named(supervisor: Supervisor, name: str) -> Kept:
    return next(kept for kept in supervisor.kept if kept.part.name == name)


async def test_stages_start_in_order_and_stop_in_reverse_order_after_draining(
    tmp_path: Path, diary: Diary
) -> None:
    store, service = diary.toy("store"), diary.toy("service", drain_s=0.5)
    async with started(tmp_path, Stage("stores", (store,)), Stage("services", (service,))):
        assert diary.lines == ["store up", "service up"]
    assert diary.lines[2:] == ["service asked", "service gone", "store asked", "store gone"]


async def test_what_crashes_is_started_again_at_once_and_its_new_pid_is_told(
    tmp_path: Path, diary: Diary
) -> None:
    async with started(tmp_path, Stage("one", (diary.toy("toy"),))) as supervisor:
        toy = named(supervisor, "toy")
        before = toy.pid
        assert before is not None
        killed_at = time.monotonic()
        os.kill(before, signal.SIGKILL)
        await until(lambda: toy.pid not in (None, before))
        assert time.monotonic() - killed_at < 2.0
        assert toy.restarts == 1
        assert toy.last_end == "was killed by signal 9"
        await until(lambda: diary.lines.count("toy up") == 2)


async def test_what_keeps_crashing_is_started_ever_more_slowly(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(
        [Stage("one", (never_ready("crasher", "raise SystemExit(7)"),))],
        tmp_path,
        say=lambda _name, line: said.append(line.decode()),
    )
    with pytest.raises(CannotStart, match="crasher ended with code 7"):
        await supervisor.start(timeout_s=20)
    await supervisor.stop()
    pauses = [line.rpartition(" in ")[2] for line in said if "starting it again" in line]
    assert pauses[:4] == ["0.2 s", "0.4 s", "0.8 s", "1.6 s"]


async def test_what_does_not_end_when_asked_is_killed_after_its_time(
    tmp_path: Path, diary: Diary
) -> None:
    stubborn = diary.toy("stubborn", drain_s=60, stop_timeout_s=0.3)
    async with started(tmp_path, Stage("one", (stubborn,))) as supervisor:
        pid = named(supervisor, "stubborn").pid
        asked_at = time.monotonic()
    assert time.monotonic() - asked_at < 5
    assert diary.lines == ["stubborn up", "stubborn asked"]
    assert not Path(f"/proc/{pid}").exists()


async def test_a_second_wish_to_stop_kills_at_once(tmp_path: Path, diary: Diary) -> None:
    stubborn = diary.toy("stubborn", drain_s=60, stop_timeout_s=60)
    supervisor = Supervisor([Stage("one", (stubborn,))], tmp_path)
    await supervisor.start(timeout_s=10)
    stopping = asyncio.create_task(supervisor.stop())
    await until(lambda: "stubborn asked" in diary.lines)
    supervisor.kill()
    async with asyncio.timeout(5):
        await stopping


async def test_a_step_that_fails_ends_the_start_with_its_last_words(
    tmp_path: Path, diary: Diary
) -> None:
    step = script("migrate", "print('no such role'); raise SystemExit(1)", once=True)
    supervisor = Supervisor(
        [Stage("migrations", (step,)), Stage("services", (diary.toy("service"),))], tmp_path
    )
    with pytest.raises(CannotStart, match=r"migrate ended with code 1\n(.|\n)*no such role"):
        await supervisor.start(timeout_s=10)
    await supervisor.stop()
    assert diary.lines == []


async def test_a_step_that_ends_well_lets_the_next_stage_begin(
    tmp_path: Path, diary: Diary
) -> None:
    step = script("migrate", "print('done')", once=True)
    stages = (Stage("migrations", (step,)), Stage("services", (diary.toy("service"),)))
    async with started(tmp_path, *stages) as supervisor:
        assert named(supervisor, "migrate").state is State.ended
        assert diary.lines == ["service up"]


async def test_wrong_settings_are_not_tried_again(tmp_path: Path) -> None:
    wrong = never_ready("wrong", f"print('set X'); raise SystemExit({EXIT_CONFIG})")
    supervisor = Supervisor([Stage("one", (wrong,))], tmp_path)
    with pytest.raises(CannotStart, match=r"wrong ended with code 78\n(.|\n)*set X"):
        await supervisor.start(timeout_s=10)
    assert supervisor.kept[0].restarts == 0
    await supervisor.stop()


async def test_what_cannot_even_be_prepared_is_told_at_once(tmp_path: Path) -> None:
    def refuse() -> Program:
        raise StartFailed("the disk is full")

    supervisor = Supervisor([Stage("one", (Part(name="store", prepare=refuse),))], tmp_path)
    with pytest.raises(CannotStart, match="store cannot be started: the disk is full"):
        await supervisor.start(timeout_s=10)
    await supervisor.stop()


async def test_what_is_too_slow_is_named_with_its_reason(tmp_path: Path) -> None:
    slow = never_ready("slow", "import time; time.sleep(60)")
    supervisor = Supervisor([Stage("one", (slow,))], tmp_path)
    with pytest.raises(CannotStart, match="slow is not ready: not ready"):
        await supervisor.start(timeout_s=0.3)
    await supervisor.stop()


async def test_what_a_program_leaves_in_its_group_ends_with_it(tmp_path: Path) -> None:
    leaves = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '60']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    async with started(tmp_path, Stage("one", (script("parent", leaves),))) as supervisor:
        kept = supervisor.kept[0]
        await until(lambda: len(kept.log.last_lines) == 1)
        grandchild = int(kept.log.last_lines[0])
        assert kept.pid is not None
        os.kill(kept.pid, signal.SIGKILL)
        await until(lambda: not _alive(grandchild))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
