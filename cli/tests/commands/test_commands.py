"""Every command explains itself, starts quickly, and names the fix when it is used wrongly."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dropship.cli.commands import COMMANDS, dropship
from dropship.runtime.embedded import NatsServer, User

HEAVY = ("psycopg", "nats", "sqlalchemy", "alembic", "httpx", "litestar", "rich", "opentelemetry")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(dropship, arguments)


def leaves(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        return [
            leaf
            for sub, child in command.commands.items()
            for leaf in leaves(f"{name} {sub}", child)
        ]
    return [(name, command)]


ALL = [
    leaf
    for name in COMMANDS
    for leaf in leaves(name, dropship.get_command(click.Context(dropship), name))  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    shown = call(*name.split(), "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert f"dropship {name}" in shown.output


def test_the_list_of_commands_is_shown_without_importing_them() -> None:
    shown = call("--help")
    assert all(name in shown.output for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_needs_no_heavy_import(arguments: list[str]) -> None:
    assert imported_by(arguments) == set()


def test_parse_needs_neither_database_nor_broker() -> None:
    assert not imported_by(["parse", "--jsonl", "/dev/null"]) & {"psycopg", "nats", "sqlalchemy"}


def imported_by(arguments: list[str]) -> set[str]:
    """Which of the heavy packages a call imports."""
    code = (
        "import sys\nfrom dropship.cli.commands import dropship\n"
        "try:\n    dropship(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1].replace("'", '"')))


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["events"],
        ["dead", "list"],
        ["log", "verify"],
        ["log", "rebuild", "analytics"],
        ["migrate"],
        ["why", "5b0c7a21"],
    ],
    ids=" ".join,
)
def test_without_a_running_stack_it_says_how_to_start_one(
    arguments: list[str], tmp_path: Path
) -> None:
    done = call(*arguments, "--home", str(tmp_path))
    assert done.exit_code == 3
    assert "dropship up --detach" in done.output
    assert "Traceback" not in done.output


def test_why_not_of_an_earlier_decision_is_refused_instead_of_answered_about_another(
    tmp_path: Path,
) -> None:
    done = call("why", "5b0c7a21", "--not", "--decision", "3", "--home", str(tmp_path))
    assert done.exit_code == 2
    assert "leave out --decision" in done.output


def test_down_succeeds_where_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{}")
    done = call("down", "--home", str(tmp_path))
    assert done.exit_code == 0
    assert "nothing is running" in done.output
    assert not (tmp_path / "stack.json").exists()


@pytest.mark.parametrize("wrong", ["scraper", "scraper=0", "scraper=99", "nobody=2", "gateway=2"])
def test_wrong_replicas_are_refused_with_a_right_example(wrong: str, tmp_path: Path) -> None:
    done = call("up", "--replicas", wrong, "--home", str(tmp_path))
    assert done.exit_code == 2
    assert "scraper=2" in done.output or "cannot have two" in done.output


async def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    async with NatsServer(tmp_path / "nats", [User("admin", "secret")]) as taken:
        done = call("up", "--port", str(taken.port), "--home", str(tmp_path / "home"))
    assert done.exit_code == 1
    assert f"port {taken.port} is taken" in done.output
    assert "--port 0" in done.output


def test_a_folder_that_cannot_be_used_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = call("up", "--home", str(tmp_path / "file" / "home"))
    assert done.exit_code == 1
    assert "--home DIR" in done.output


def test_pages_without_a_simulator_are_refused(tmp_path: Path) -> None:
    done = call("up", "--pages", str(tmp_path), "--home", str(tmp_path / "home"))
    assert done.exit_code == 1
    assert "add --simulators" in done.output


def test_plugins_are_listed_with_where_they_come_from() -> None:
    done = call("plugins", "--json")
    assert done.exit_code == 0
    found = {row["name"]: row for row in map(json.loads, done.output.splitlines())}
    assert found["amazon"]["distribution"] == "dropship-scraper"
    assert found["feed"]["kind"] == "supplier"


def test_pages_are_read_one_line_for_one_line(tmp_path: Path) -> None:
    questions = [{"file": str(tmp_path / "none.html"), "url": None, "supplier": "amazon"}, "junk"]
    lines = "".join(f"{json.dumps(question)}\n" for question in questions)
    done = CliRunner().invoke(dropship, ["parse", "--jsonl", "-"], input=lines)
    answers = [json.loads(line) for line in done.output.splitlines()]
    assert [answer["kind"] for answer in answers] == ["unreadable", "unreadable"]
    assert answers[0]["price"] is None
