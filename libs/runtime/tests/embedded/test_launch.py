"""A child whose life is tied to its parent's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dropship.runtime.embedded import Program

PARENT = """
import subprocess, sys, time
from dropship.runtime.embedded import Program
child = subprocess.Popen(Program(name="child", argv=("sleep", "60")).tied(), start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, timeout_s: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while is_alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    return not is_alive(pid)


@LINUX
def test_no_child_outlives_a_parent_that_was_killed_without_a_word() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.communicate()
    assert wait_until_gone(child)


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_child_that_became_another_user_dies_with_its_parent_too() -> None:
    script = PARENT.replace(
        "Program(",
        "Program(owner=__import__('dropship.runtime.embedded.identity').runtime.embedded"
        ".identity.unprivileged(), ",
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert wait_until_gone(child)


def test_a_child_that_begins_after_its_parents_end_does_not_begin() -> None:
    late = Program(name="late", argv=("echo", "too late")).tied(parent=1)
    done = subprocess.run(late, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the parent was gone" in done.stderr


def test_a_program_that_is_not_there_is_named() -> None:
    missing = Program(name="missing", argv=("/no/such/program",)).tied()
    done = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot run /no/such/program: No such file or directory" in done.stderr


def test_a_child_can_be_interrupted_even_where_its_parent_cannot() -> None:
    asked = Program(name="child", argv=("sleep", "60"))
    deaf = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = subprocess.Popen(asked.tied())
    finally:
        signal.signal(signal.SIGINT, deaf)
    while b"sleep" not in Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")[0]:
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=5) == -signal.SIGINT
