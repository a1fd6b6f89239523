"""``dropship events``: the log, as the life of one thing or as what happened last."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import click
import psycopg

from dropship.cli.broker import bus_to, stores_of
from dropship.cli.faults import Fault
from dropship.cli.log import journals
from dropship.cli.log.life import chain, is_about, missing_causes, walk
from dropship.cli.log.reading import STREAMS, Entry, entries, last_sequence
from dropship.cli.log.telling import as_json, as_line
from dropship.cli.options import home_option
from dropship.cli.settings import Stores
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import SERVICES
from dropship.runtime.bus import Bus, Uncertain

FOLLOW_S = 0.3
LONGEST_CHAIN = 20


@click.command("events")
@click.argument("thing", required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens next; Ctrl-C ends it.")
@click.option("--json", "as_json_", is_flag=True, help="One JSON object a line.")
@home_option
def command(thing: str | None, limit: int, follow: bool, as_json_: bool, home: Home) -> None:
    """Show the life of one thing with its causes, or the latest events.

    ID is a product, job, tenant or message: product:2b1c…, or the bare id. Its events are shown
    below what caused them, whoever said it; done commands come from the journals.

    \b
    Examples:
      dropship events --follow
      dropship events 2b1c5a77-…
      dropship events product:2b1c5a77-… --json | jq -r .type
    """
    stack = stack_file.read(home)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_events(stores_of(stack), thing, limit, follow, as_json_))


async def _events(
    stores: Stores, thing: str | None, limit: int, follow: bool, as_json_: bool
) -> None:
    try:
        async with bus_to(stores) as bus:
            ends = {stream: await last_sequence(bus, stream) for stream in STREAMS}
            if thing is None:
                _tell_flat(await _latest(bus, ends, limit), as_json_)
            else:
                await _tell_life(bus, stores, thing, as_json_, must_exist=not follow)
            if follow:
                await _follow(bus, ends, thing, as_json_)
    except Uncertain as error:
        raise Fault(f"NATS says: {error}. See: dropship status") from error


async def _latest(bus: Bus, ends: dict[str, int], limit: int) -> list[Entry]:
    found = [
        entry
        for stream, end in ends.items()
        async for entry in entries(bus, stream, max(1, end - limit + 1))
    ]
    return sorted(found, key=lambda entry: entry.stored_at)[-limit:]


async def _tell_life(
    bus: Bus, stores: Stores, thing: str, as_json_: bool, *, must_exist: bool
) -> None:
    own = [entry async for entry in _all(bus) if is_about(entry.envelope, thing)]
    if not own and must_exist:
        raise Fault(
            f"nothing is known of {thing}.\nSee what happens with: dropship events --follow"
        )
    chains = {entry.envelope.correlationid for entry in own}
    whole = [entry async for entry in _all(bus) if entry.envelope.correlationid in chains]
    whole += await _from_journals(stores, whole)
    about = {entry.envelope.id for entry in own}
    for depth, link in walk(chain(whole)):
        if as_json_:
            click.echo(as_json(link.entry, depth))
        else:
            dim = link.entry.envelope.id not in about
            click.echo(as_line(link.entry, depth, dim=dim))


async def _all(bus: Bus) -> AsyncIterator[Entry]:
    for stream in STREAMS:
        async for entry in entries(bus, stream):
            yield entry


async def _from_journals(stores: Stores, known: list[Entry]) -> list[Entry]:
    """Causes that no stream holds any more, and theirs in turn."""
    found: list[Entry] = []
    for _ in range(LONGEST_CHAIN):
        missing = missing_causes([*known, *found])
        try:
            more = await asyncio.to_thread(journals.find, stores.database_url, SERVICES, missing)
        except psycopg.Error:
            break
        if not more:
            break
        found += more
    return found


def _tell_flat(found: Iterable[Entry], as_json_: bool) -> None:
    for entry in found:
        click.echo(as_json(entry) if as_json_ else as_line(entry))


async def _follow(bus: Bus, ends: dict[str, int], thing: str | None, as_json_: bool) -> None:
    while True:
        fresh: list[Entry] = []
        for stream in STREAMS:
            async for entry in entries(bus, stream, ends[stream] + 1):
                ends[stream] = entry.seq
                if thing is None or is_about(entry.envelope, thing):
                    fresh.append(entry)
        _tell_flat(sorted(fresh, key=lambda entry: entry.stored_at), as_json_)
        await asyncio.sleep(FOLLOW_S)
