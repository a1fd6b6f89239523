"""A real simulator server, spoken to over HTTP, clean before every test."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

Start = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a process with these arguments and give a client for it; all are stopped at the end."""
    running: list[tuple[subprocess.Popen[str], httpx.Client]] = []

    def start(*arguments: str) -> httpx.Client:
        port_file = tmp_path_factory.mktemp("simulator") / "port"
        command = [sys.executable, "-m", "dropship.simulators", "--port-file", str(port_file)]
        server = subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True)
        assert server.stderr is not None
        assert "simulators_listening" in server.stderr.readline()
        port = int(port_file.read_text())
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        running.append((server, client))
        return client

    yield start
    for server, client in running:
        client.close()
        server.terminate()
        _, errors = server.communicate(timeout=5)
        assert errors == ""


@pytest.fixture(scope="session")
def shared_simulator(start_simulator: Start) -> httpx.Client:
    return start_simulator("--seed", "7", "--speed", "1")


@pytest.fixture
def simulator(shared_simulator: httpx.Client) -> httpx.Client:
    """The process all tests share, with no faults, an empty ledger and open robots."""
    shared_simulator.delete("/_sim/faults").raise_for_status()
    shared_simulator.delete("/_sim/robots").raise_for_status()
    shared_simulator.post("/_sim/ledger/reset").raise_for_status()
    return shared_simulator


@pytest.fixture
def product(simulator: httpx.Client) -> dict[str, Any]:
    """A dollar product plainly for sale on a page of the 2022 layout, held still."""
    products: list[dict[str, Any]] = simulator.get("/_sim/products").json()
    first = next(p for p in products if p["layout"] == "core_price" and p["id"] != "SKU-10001")
    order = {"price": "348.99", "availability": "in_stock", "quantity": 40}
    shown: dict[str, Any] = simulator.post(f"/_sim/products/{first['id']}", json=order).json()
    return shown


@pytest.fixture(scope="session")
def saved_pages() -> Path:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "pages"
    if not folder.is_dir():
        pytest.skip("the saved pages are not here: they belong beside the repository")
    return folder
