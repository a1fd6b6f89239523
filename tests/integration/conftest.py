"""The stack that the gentle tests share, and who takes part in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from integration.collector import Collector, collecting
from integration.running import Homes, Stack, new_home
from integration.shop import Shop
from integration.supplier import Supplier

CHECK_EVERY_S = 2
REPORTS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORTS] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tables that a person wants to see even when all is well."""
    if lines := config.stash[REPORTS]:
        terminalreporter.section("of the whole stack")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def reports(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    return pytestconfig.stash[REPORTS]


@pytest.fixture(scope="session")
def homes(request: pytest.FixtureRequest, reports: list[str]) -> Homes:
    """New folders for stacks. Their logs outlive a run in which something failed meanwhile."""

    def new() -> AbstractContextManager[Path]:
        failed_before = request.session.testsfailed

        def kept(logs: Path) -> bool:
            if request.session.testsfailed == failed_before:
                return False
            reports.append(f"logs are kept in {logs}")
            return True

        return new_home(kept)

    return new


@pytest.fixture(scope="session")
def replicas() -> tuple[str, ...]:
    """Two of what takes part in every import."""
    return ("--replicas", "tracker=2", "--replicas", "scraper=2")


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the shared stack's programs send their traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
async def stack(
    homes: Homes, replicas: tuple[str, ...], collector: Collector
) -> AsyncIterator[Stack]:
    """Two trackers, two scrapers, one of everything else; products are looked at often."""
    with homes() as home:
        settings = {
            "CHECK_EVERY_S": str(CHECK_EVERY_S),
            "POLL_ORDERS_EVERY_S": "2",
            "OTLP_ENDPOINT": collector.url,
        }
        stack = await Stack.up(home, "--simulators", *replicas, settings=settings)
        try:
            yield stack
        finally:
            await stack.down()


@pytest.fixture(scope="session")
async def supplier(stack: Stack) -> AsyncIterator[Supplier]:
    """Every simulated supplier. Their world moves only when a test moves it."""
    supplier = Supplier(stack.simulator)
    await supplier.stand_still()
    yield supplier
    await supplier.close()


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    shop = await Shop.opened(stack.gateway)
    yield shop
    await shop.close()


@pytest.fixture
async def neighbour(stack: Stack) -> AsyncIterator[Shop]:
    """Another seller on the same machines."""
    neighbour = await Shop.opened(stack.gateway)
    yield neighbour
    await neighbour.close()
