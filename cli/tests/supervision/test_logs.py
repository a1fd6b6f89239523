"""Programs' output is kept within bounds, privately, and read easily."""

import json
import stat
from pathlib import Path

import click

from dropship.cli.supervision.logs import LONGEST_LINE_BYTES, BoundedLog, Lines
from dropship.cli.supervision.rendering import prefixed


def test_a_log_never_grows_beyond_two_files(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "tracker.log", max_bytes=1_000)
    for number in range(1_000):
        log.write(f"line {number}".encode())
    log.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["tracker.log", "tracker.log.1"]
    assert all(path.stat().st_size < 1_100 for path in tmp_path.iterdir())
    assert (tmp_path / "tracker.log").read_text().endswith("line 999\n")


def test_a_log_is_read_by_its_owner_only(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "tracker.log")
    log.close()
    assert stat.S_IMODE((tmp_path / "tracker.log").stat().st_mode) == 0o600


def test_a_log_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    for number in (1, 2):
        log = BoundedLog(tmp_path / "tracker.log")
        log.write(f"run {number}".encode())
        log.close()
    assert (tmp_path / "tracker.log").read_text() == "run 1\nrun 2\n"


def test_lines_are_cut_wherever_the_chunks_end() -> None:
    lines = Lines()
    found = [*lines.feed(b"one\ntw"), *lines.feed(b"o\r\nthr"), lines.end()]
    assert found == [b"one", b"two", b"thr"]


def test_an_endless_line_is_cut_not_collected() -> None:
    lines = Lines()
    found = [line for _ in range(10) for line in lines.feed(b"x" * LONGEST_LINE_BYTES)]
    assert max(map(len, found)) <= 2 * LONGEST_LINE_BYTES


def read(line: str) -> str:
    return click.unstyle(prefixed("tracker", line.encode(), colour="cyan", width=9))


def test_a_json_line_is_shown_as_time_event_and_what_it_was_about() -> None:
    line = json.dumps(
        {
            "event": "import_completed",
            "level": "info",
            "timestamp": "2026-11-23T14:30:01.123456Z",
            "service": "tracker",
            "replica": "tracker-1",
            "trace_id": "0af7",
            "job_id": "j1",
            "took_ms": 12,
        }
    )
    assert read(line) == "tracker   14:30:01.123 import_completed job_id=j1 took_ms=12"


def test_any_other_line_is_shown_as_it_is() -> None:
    assert read("plain words") == "tracker   plain words"
    assert read('{"not": "an event"}') == 'tracker   {"not": "an event"}'
    assert read("{broken") == "tracker   {broken"


def test_an_exception_follows_its_line() -> None:
    line = json.dumps({"event": "failed", "level": "error", "exception": "Traceback: …"})
    assert read(line).splitlines() == ["tracker   failed", "Traceback: …"]
