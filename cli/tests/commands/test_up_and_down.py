"""A whole stack on this machine: started, watched over, killed, started again, stopped."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dropship.runtime.embedded import forget_elsewhere

DROPSHIP = [sys.executable, "-m", "dropship.cli"]
SERVICES = {"gateway", "tracker", "scraper", "policy", "syncer", "analytics"}


def run(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DROPSHIP, *arguments, "--home", str(home)], capture_output=True, text=True, check=False
    )


def until(predicate: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := predicate()):
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stack_of(home: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((home / "stack.json").read_text())
    return whole


def pids_of(stack: dict[str, Any]) -> set[int]:
    services = {one["pid"] for replicas in stack["services"].values() for one in replicas}
    return services | {stack["nats"]["pid"], stack["postgres"]["pid"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running stack with simulated suppliers and two trackers."""
    folder = tmp_path_factory.mktemp("stack")
    wish = ("--detach", "--simulators", "--replicas", "tracker=2", "--port", "0")
    started = run("up", *wish, home=folder)
    assert started.returncode == 0, started.stderr
    yield folder
    run("down", home=folder)
    forget_elsewhere(folder / "postgres")


def test_the_stack_file_says_where_everything_is_to_its_owner_alone(home: Path) -> None:
    stack = stack_of(home)
    assert stat.S_IMODE((home / "stack.json").stat().st_mode) == 0o600
    assert stack.keys() == {"gateway", "nats", "postgres", "services", "simulators"}
    assert stack["nats"].keys() == {"url", "monitor_url", "user", "password", "pid"}
    assert stack["postgres"].keys() == {"dsn", "pid"}
    assert stack["services"].keys() == SERVICES
    assert len(stack["services"]["tracker"]) == 2
    assert stack["simulators"].keys() == {"supplier"}
    assert all(is_alive(pid) for pid in pids_of(stack))


def test_up_returns_when_everything_is_ready(home: Path) -> None:
    stack = stack_of(home)
    for replicas in stack["services"].values():
        for one in replicas:
            assert one.keys() == {"pid", "health_url", "metrics_url"}
            assert httpx.get(one["health_url"]).status_code == 200
            assert "# HELP" in httpx.get(one["metrics_url"]).text
    assert httpx.get(f"{stack['gateway']['url']}/v1/openapi.json").status_code == 200
    assert httpx.get(f"{stack['nats']['monitor_url']}/healthz").status_code == 200
    assert httpx.get(f"{stack['simulators']['supplier']['url']}/health").status_code == 200


def test_a_second_up_is_told_how_to_stop_the_first(home: Path) -> None:
    second = run("up", "--detach", home=home)
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert "dropship down" in second.stderr


def test_status_tells_what_runs(home: Path) -> None:
    told = run("status", "--json", home=home)
    assert told.returncode == 0, told.stdout
    programs = {program["name"] for program in json.loads(told.stdout)["programs"]}
    assert programs == SERVICES | {"tracker-2", "nats", "postgres", "supplier"}


def test_what_is_killed_comes_back_and_its_new_pid_is_written_down(home: Path) -> None:
    before = stack_of(home)
    killed = before["services"]["analytics"][0]["pid"]
    os.kill(killed, signal.SIGKILL)
    now = until(lambda: _analytics(home) not in (killed, None) and _analytics(home))
    assert is_alive(now)
    until(lambda: run("status", home=home).returncode == 0)
    assert stack_of(home)["gateway"] == before["gateway"]


def _analytics(home: Path) -> int | None:
    pid: int = stack_of(home)["services"]["analytics"][0]["pid"]
    return pid


def test_the_log_is_whole_and_can_be_looked_at(home: Path) -> None:
    verified = run("log", "verify", "--json", home=home)
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["ok"] is True
    latest = run("events", "--json", "--limit", "5", home=home)
    assert {json.loads(line)["stream"] for line in latest.stdout.splitlines()} == {"EVENTS"}
    assert run("dead", "list", home=home).stdout == "nothing waits\n"
    unknown = run("dead", "retry", "scraper", "no-such-id", home=home)
    assert unknown.returncode == 1
    assert "dropship dead list" in unknown.stderr


def test_a_product_is_imported_and_nobody_said_what_it_may_not(home: Path) -> None:
    stack = stack_of(home)
    found = httpx.get(f"{stack['simulators']['supplier']['url']}/_sim/products").json()[0]
    with httpx.Client(base_url=stack["gateway"]["url"]) as client:
        body = {"email": "seller@shop.example", "password": "correct horse battery"}
        token = client.post("/v1/auth/signup", json=body).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        params = {"supplier": found["supplier"], "id": found["id"]}
        job = client.post("/v1/products/import", params=params).json()["job_id"]
        until(lambda: client.get(f"/v1/jobs/{job}").json()["status"] == "SUCCESS")
    life = run("events", job, home=home).stdout
    for told in ("import requested", "product scrape", "offer observed", "import completed"):
        assert told in life
    assert "Violation" not in (home / "logs" / "nats.log").read_text()


def test_a_running_service_remembers_what_the_log_adds_up_to(home: Path) -> None:
    rebuilt = run("log", "rebuild", "analytics", "--json", home=home)
    assert rebuilt.returncode == 0, rebuilt.stderr
    found = json.loads(rebuilt.stdout)
    assert (found["equal"], found["replaced"], found["running"]) == (True, False, True)
    assert found["before"] == found["after"]
    assert found["events"] > 0
    told = run("log", "rebuild", "analytics", home=home)
    assert "every row follows from the log" in told.stdout


def test_nobody_can_explain_a_listing_that_never_was(home: Path) -> None:
    asked = run("why", "5b0c7a21-0000-4000-8000-000000000000", home=home)
    assert asked.returncode == 1
    assert "there never was a listing" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_migrating_a_running_stack_again_changes_nothing(home: Path) -> None:
    again = run("migrate", home=home)
    assert again.returncode == 0, again.stderr
    assert "made" not in again.stdout
    assert "updated" not in again.stdout


def test_no_credential_is_in_any_log(home: Path) -> None:
    secrets = set(json.loads((home / "secrets.json").read_text()).values())
    secrets.add((home / "postgres" / "superuser").read_text())
    for log in (home / "logs").iterdir():
        text = log.read_text(errors="replace")
        assert not any(secret in text for secret in secrets), log.name


def test_nobody_outlives_a_killed_supervisor_and_the_next_up_goes_on(home: Path) -> None:
    stack = stack_of(home)
    os.kill(int((home / "lock").read_text()), signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in pids_of(stack)), timeout_s=10)
    assert run("status", home=home).returncode == 3
    again = run("up", "--detach", "--port", "0", home=home)
    assert again.returncode == 0, again.stderr
    assert run("log", "verify", home=home).returncode == 0


def test_down_leaves_no_program_and_no_description_behind(home: Path) -> None:
    stack = stack_of(home)
    assert run("down", home=home).returncode == 0
    assert not any(is_alive(pid) for pid in pids_of(stack))
    assert not (home / "stack.json").exists()
    log = (home / "logs" / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
