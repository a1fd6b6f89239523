"""Where files go when their user may not walk to the folder that was asked for."""

import os
from pathlib import Path

import pytest

from dropship.runtime.embedded.identity import Owner, can_enter, forget_elsewhere, place_for

STRANGER = Owner(61_234, 61_234)


def opened(folder: Path) -> Path:
    """A folder that everybody may enter, below one that only we may."""
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def test_a_closed_parent_closes_everything_below_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not can_enter(opened(closed / "inner"), STRANGER)
    assert can_enter(closed / "inner", Owner(os.getuid(), os.getgid())) or os.getuid() == 0


def test_files_stay_where_their_user_can_go(tmp_path: Path) -> None:
    assert place_for(tmp_path, None, durable=True) == tmp_path
    assert place_for(Path("/"), STRANGER, durable=True) == Path("/")


def test_files_go_elsewhere_rather_than_opening_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = closed.stat().st_mode
    chosen = place_for(closed, STRANGER, durable=False)
    assert can_enter(chosen, STRANGER)
    assert closed.stat().st_mode == before
    assert place_for(closed, STRANGER, durable=False) == chosen
    forget_elsewhere(closed)
    assert not chosen.exists()


def test_files_that_are_gone_from_elsewhere_are_missed_and_not_made_anew(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place_for(closed, STRANGER, durable=False).rmdir()
    with pytest.raises(FileNotFoundError, match="bring it back, or remove"):
        place_for(closed, STRANGER, durable=False)


def test_when_no_folder_will_do_it_says_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(closed))
    with pytest.raises(PermissionError, match="run as an ordinary user, or choose a folder"):
        place_for(closed, STRANGER, durable=False)
    assert list(closed.iterdir()) == []
