"""``dropship demo``: the main job, done before your eyes."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from dropship.cli.broker import bus_to
from dropship.cli.demo.seller import Seller
from dropship.cli.demo.shop import Shop
from dropship.cli.demo.story import Story
from dropship.cli.demo.summary import Summary
from dropship.cli.demo.telling import lines_of
from dropship.cli.demo.world import World
from dropship.cli.faults import Fault
from dropship.cli.settings import Stores, default_home
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import ADMIN, SERVICES
from dropship.cli.stack.plan import DATABASE, Plan, Wish
from dropship.cli.stack.running import Running
from dropship.runtime.embedded import forget_elsewhere, free_port
from dropship.runtime.verifying import verify_events

HTTP_S = 30.0
SETTINGS = {
    "DROPSHIP_CHECK_EVERY_S": "3",
    "DROPSHIP_NEW_TENANT_TIER": "pro",
    "DROPSHIP_POLL_ORDERS_EVERY_S": "1",
    "DROPSHIP_REST_S": "2",
}
"""Everything happens sooner than in a real shop, so that the story can be told in a minute."""

INTERRUPTED = 130
T = TypeVar("T")


@click.command("demo")
@click.option("--once", is_flag=True, help="Stop and clean up when the story is told.")
@click.option("--json", "as_json", is_flag=True, help="Only one JSON summary, on the last line.")
@click.option(
    "--pages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Import every saved supplier page of this folder as well.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every exchange with the shop into this file, one JSON object a line.",
)
@click.option(
    "--specs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Hold both sides of every exchange to the marketplaces' descriptions in this folder.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to work in, by default one below .data.",
)
def command(
    once: bool,
    as_json: bool,
    pages: Path | None,
    record: Path | None,
    specs: Path | None,
    home: Path | None,
) -> None:
    """Import products, list them in a shop, and watch the shop follow its suppliers.

    Starts a whole stack of its own with simulated suppliers and a simulated shop, beside any other
    one. A cost rises, an item sells out and returns, a supplier shows captchas, buyers order; the
    shop's own ledger is the judge of every step. Then it stays up for you to look around, unless
    --once is given. Nothing of it is kept.

    \b
    Examples:
      dropship demo
      dropship demo --once --json | tail -n 1 | jq .steps
      dropship demo --once --record exchanges.jsonl
      dropship demo --once --pages saved-pages/
    """
    wish = Wish(
        gateway_port=free_port(),
        simulators=True,
        pages=pages.absolute() if pages else None,
        specs=specs.absolute() if specs else None,
        record=record.absolute() if record else None,
        settings=SETTINGS,
        throwaway=True,
    )
    demo = _Demo(_home(once, home), wish, once, as_json)
    demo.home.make()
    with demo.home.held():
        try:
            raise SystemExit(demo.run())
        except Fault as fault:
            demo.failed = True
            raise Fault(f"{fault.message}\nLogs are in {demo.home.logs}") from fault
        finally:
            demo.discard()


def _home(once: bool, given: Path | None) -> Home:
    if given is not None:
        home = Home.at(given)
    elif once:
        parent = default_home()
        try:
            parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            home = Home.at(Path(tempfile.mkdtemp(prefix="demo-", dir=parent)))
        except OSError:
            home = Home.at(Path(tempfile.mkdtemp(prefix="dropship-demo-")))
    else:
        home = Home.at(default_home() / "demo")
    if home.holder() is not None:
        raise home.already_running()
    return home


class _Demo:
    """One demo in one folder."""

    def __init__(self, home: Home, wish: Wish, once: bool, as_json: bool) -> None:
        self.home, self._wish, self._once, self._as_json = home, wish, once, as_json
        self._console = Console(stderr=True, quiet=as_json)
        self._began = time.monotonic()
        self._mark = home.folder / "demo"
        self._told = False
        self.failed = False

    def run(self) -> int:
        self._begin_anew()
        running = Running(self.home, self._wish, lambda _name, _line: None)
        with self._console.status("starting") as status:
            code = asyncio.run(
                running.run(
                    lambda title: status.update(f"starting {title}"),
                    lambda plan: self._tell(plan, status.stop),
                )
            )
        return code if self._told else INTERRUPTED

    def _begin_anew(self) -> None:
        """Remove what a killed demo left; never touch a stack that is not a demo's."""
        if self._mark.exists():
            forget_elsewhere(self.home.postgres)
            for folder in (self.home.nats, self.home.postgres):
                shutil.rmtree(folder, ignore_errors=True)
        elif self.home.nats.exists() or self.home.postgres.exists():
            raise Fault(f"{self.home.folder} holds a stack that is no demo; choose another --home")
        self._mark.touch(mode=0o600)

    def discard(self) -> None:
        """Remove what the demo made; after a fault everything stays, to be looked at."""
        if not self.failed:
            forget_elsewhere(self.home.postgres)
            self._mark.unlink(missing_ok=True)
            self.home.clear()

    async def _tell(self, plan: Plan, started: Callable[[], None]) -> None:
        started()
        startup_s = round(time.monotonic() - self._began, 2)
        gateway = httpx.AsyncClient(base_url=plan.gateway_url, timeout=HTTP_S)
        simulated = httpx.AsyncClient(base_url=plan.simulator_url, timeout=HTTP_S)
        async with gateway, simulated:
            seller, world, shop = Seller(gateway), World(simulated), Shop(simulated)
            with self._bars() as track:
                story = Story(seller, world, shop, track)
                summary = await _reached(story.tell(self._wish.pages))
            await _reached(world.let_time_run())
        summary.events = await _verified(plan)
        summary.timings["startup_s"] = startup_s
        summary.timings["total_s"] = round(time.monotonic() - self._began, 2)
        self._show(summary)
        self._told = True
        if not self._once:
            self._invite(plan, seller)
            await asyncio.Event().wait()

    @contextmanager
    def _bars(self) -> Iterator[Callable[[str, int], Callable[[], None]]]:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        with Progress(*columns, MofNCompleteColumn(), console=self._console) as progress:

            def track(title: str, total: int) -> Callable[[], None]:
                bar = progress.add_task(title, total=total)
                return lambda: progress.advance(bar)

            yield track

    def _show(self, summary: Summary) -> None:
        if self._as_json:
            click.echo(json.dumps(summary.as_json()))
            return
        for line in lines_of(summary):
            click.echo(line)

    def _invite(self, plan: Plan, seller: Seller) -> None:
        if self._as_json:
            return
        here = f"--home {self.home.folder}"
        for line in (
            "",
            "It stays up, and its world goes on moving. Look around:",
            f"  the API, documented     {plan.gateway_url}/v1/openapi.json",
            f"  the simulated suppliers {plan.simulator_url}/_sim/products",
            f"  the simulated shop      {plan.simulator_url}/_sim/shopify/demo/ledger",
            f"  sign in as              {seller.email} with {seller.password}",
            f"  what happens now        dropship events --follow {here}",
            f"  what runs               dropship status {here}",
            "Ctrl-C stops it.",
        ):
            click.echo(line)


async def _reached(step: Awaitable[T]) -> T:
    try:
        return await step
    except httpx.HTTPError as error:
        raise Fault(f"{type(error).__name__} while talking to our own stack: {error}") from error


async def _verified(plan: Plan) -> int:
    """Prove that the log holds all that was said; how many messages that were."""
    password = plan.secrets.password(f"nats/{ADMIN}")
    stores = Stores(plan.postgres.dsn(DATABASE), plan.nats.url, ADMIN, password)
    async with bus_to(stores) as bus:
        verdict = await verify_events(bus, stores.database_url, SERVICES, lambda _d, _t: None)
    if not verdict.ok:
        raise Fault(f"the log does not hold what was said: {'; '.join(verdict.faults)}")
    return verdict.messages
