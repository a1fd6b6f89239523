"""The process says where it listens and goes when it is told to."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_quickly_even_with_a_request_hanging(
    tmp_path: Path, number: signal.Signals
) -> None:
    port_file = tmp_path / "port"
    server = subprocess.Popen(
        [sys.executable, "-m", "dropship.simulators", "--port-file", str(port_file)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    assert "simulators_listening" in server.stderr.readline()
    url = f"http://127.0.0.1:{port_file.read_text().strip()}"
    httpx.post(f"{url}/_sim/faults", json={"mode": "timeout"}).raise_for_status()
    with httpx.Client(timeout=0.1) as client, pytest.raises(httpx.ReadTimeout):
        client.get(f"{url}/feed/products.csv")
    began = time.monotonic()
    server.send_signal(number)
    server.communicate(timeout=5)
    assert server.returncode == 0
    assert time.monotonic() - began < 2


def test_a_missing_folder_of_pages_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dropship.simulators", "--pages", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--pages: there is no folder" in done.stderr


def test_specs_without_shopifys_schema_are_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dropship.simulators", "--specs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--specs: there is no file" in done.stderr


def test_unreadable_requests_get_a_clear_400(simulator: httpx.Client) -> None:
    answer = simulator.post("/_sim/clock", content=iter([b"{}"]))
    assert answer.status_code == 400
    assert "Content-Length" in answer.json()["error"]
