"""``dropship log``: does the log hold what was said, and do the services remember what it holds?"""

import asyncio
import json
from time import perf_counter

import click
import psycopg
from rich.console import Console
from rich.progress import Progress

from dropship.cli.broker import bus_to, stores_of
from dropship.cli.faults import Fault
from dropship.cli.log.rebuilding import as_object, memory_of, tell
from dropship.cli.options import home_option
from dropship.cli.settings import Stores
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import SERVICES
from dropship.runtime.bus import Uncertain
from dropship.runtime.errors import LogRegressed
from dropship.runtime.rebuilding import Memory, NotRebuilt, Rebuilt, rebuild
from dropship.runtime.verifying import Verdict, verify_events


@click.group("log")
def command() -> None:
    """Prove that the event log, the journals and what is remembered of them agree.

    \b
    Examples:
      dropship log verify
      dropship log rebuild analytics
    """


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@home_option
def verify(as_json: bool, home: Home) -> None:
    """Compare every message of EVENTS with the journal it came from, and every row with the log.

    Checks that it is the stream that was written and read before, that it has no holes, and that
    it holds everything once and unchanged. Only reads, at any time. Ends with 1 on a fault.

    \b
    Examples:
      dropship log verify
      dropship log verify --json
    """
    stores = stores_of(stack_file.read(home))
    try:
        verdict = asyncio.run(_verified(stores))
    except (Uncertain, OSError) as error:
        raise Fault(f"the log cannot be read now: {error}. See: dropship status") from error
    except psycopg.Error as error:
        raise Fault(f"the journals cannot be read: {error}") from error
    if as_json:
        click.echo(json.dumps({"ok": verdict.ok, **vars(verdict)}))
    else:
        _tell(verdict)
    if not verdict.ok:
        raise click.exceptions.Exit(1)


async def _verified(stores: Stores) -> Verdict:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        comparing = progress.add_task("comparing", total=None)
        async with bus_to(stores) as bus:
            return await verify_events(
                bus,
                stores.database_url,
                SERVICES,
                lambda done, total: progress.update(comparing, completed=done, total=total),
            )


def _tell(verdict: Verdict) -> None:
    click.echo(f"{verdict.messages} messages of EVENTS (generation {verdict.generation})")
    click.echo(f"{verdict.rows} published rows in the journals, {verdict.unsent} not yet published")
    if verdict.ok:
        click.secho("the log holds what was said, all of it, once, unchanged", fg="green")
        return
    click.secho(f"{verdict.fault_count} faults:", fg="red")
    for fault in verdict.faults:
        click.echo(f"  {fault}")
    if verdict.fault_count > len(verdict.faults):
        click.echo(f"  … and {verdict.fault_count - len(verdict.faults)} more")


@command.command("rebuild")
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@home_option
def rebuild_(service: str, as_json: bool, home: Home) -> None:
    """Fold the log again from its first event, and compare with what SERVICE remembers.

    Up to the very event that the service has heard last, so it may run and go on hearing. Rows
    that differ are replaced, all at once; where all is equal nothing is touched. Ends with 1 if
    something differed.

    \b
    Examples:
      dropship log rebuild analytics
      dropship log rebuild analytics --json
    """
    memory = memory_of(service)
    stores = stores_of(stack_file.read(home))
    began = perf_counter()
    try:
        found = asyncio.run(_rebuilt(stores, memory))
    except (NotRebuilt, LogRegressed) as error:
        raise Fault(f"{service} is not rebuilt: {error}") from error
    except (Uncertain, OSError) as error:
        raise Fault(f"the log cannot be read now: {error}. See: dropship status") from error
    except psycopg.Error as error:
        raise Fault(f"the tables of {service} cannot be read or written: {error}") from error
    took_s = perf_counter() - began
    if as_json:
        click.echo(json.dumps(as_object(service, found, took_s)))
    else:
        tell(service, found, took_s)
    if found.differing:
        raise click.exceptions.Exit(1)


async def _rebuilt(stores: Stores, memory: Memory) -> Rebuilt:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        folding = progress.add_task("folding", total=None)
        async with bus_to(stores) as bus:
            return await rebuild(
                bus,
                stores.database_url,
                memory,
                lambda done, total: progress.update(folding, completed=done, total=total),
            )
