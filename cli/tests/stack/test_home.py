"""One folder, one stack: held by one supervisor, described truly, closed to others."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dropship.cli.faults import NOT_RUNNING, Fault
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.secret_keys import Secrets

HOLDER = """
import sys, time
from pathlib import Path
from dropship.cli.stack.home import Home
home = Home(Path(sys.argv[1]))
home.make()
with home.held():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "data")
    home.make()
    return home


def hold(home: Home) -> "subprocess.Popen[str]":
    """Another process that holds the folder."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_stack_in_the_same_folder_is_told_how_to_stop_the_first(home: Home) -> None:
    other = hold(home)
    try:
        assert home.holder() == other.pid
        with pytest.raises(Fault, match=rf"already running .*{other.pid}(.|\n)*dropship down"):
            home.held().__enter__()
    finally:
        other.kill()
        other.communicate()


def test_a_killed_supervisor_holds_nothing(home: Home) -> None:
    other = hold(home)
    other.kill()
    other.communicate()
    assert home.holder() is None
    with home.held():
        assert home._lock.read_text() == str(os.getpid())


def test_looking_for_a_stack_where_none_runs_says_how_to_start_one(home: Home) -> None:
    with pytest.raises(Fault, match="dropship up --detach") as told:
        stack_file.read(home)
    assert told.value.exit_code == NOT_RUNNING


def test_a_folder_that_cannot_be_written_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    with pytest.raises(Fault, match=r"cannot write in .*/data: (.|\n)*--home DIR"):
        Home.at(tmp_path / "data").make()


def test_secrets_are_made_once_and_read_by_their_owner_only(home: Home) -> None:
    first = Secrets(home)
    password, key = first.password("nats/tracker"), first.key("seal/tracker")
    first.save()
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    again = Secrets(home)
    assert (again.password("nats/tracker"), again.key("seal/tracker")) == (password, key)
    assert again.password("nats/scraper") != password


def test_damaged_secrets_stop_the_start_instead_of_being_replaced(home: Home) -> None:
    home.secrets_file.write_text("{half")
    with pytest.raises(Fault, match="Put the file back from your backup"):
        Secrets(home)
    assert home.secrets_file.read_text() == "{half"
