"""``dropship dead``: what could not be done or heard, and waits for a person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from dropship.cli.broker import bus_to, stores_of
from dropship.cli.faults import Fault
from dropship.cli.options import home_option
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import SERVICES
from dropship.runtime.asking import Asker
from dropship.runtime.errors import NoAnswer, Refused, Retry

T = TypeVar("T")
service_argument = click.argument("service", type=click.Choice(SERVICES))


@click.group("dead")
def command() -> None:
    """List, retry or drop what could not be done.

    A command that failed for good, and an event that could not be handled, wait in the tables of
    their service with their cause. Later events of the same product queue behind a parked one.

    \b
    Examples:
      dropship dead list
      dropship dead retry scraper 0190f3…
      dropship dead drop tracker EVENTS:2b1c…
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@home_option
def list_(as_json: bool, home: Home) -> None:
    """Show what waits, in every service.

    \b
    Example:
      dropship dead list --json | jq .cause
    """
    dead, silent = _run(home, _list)
    if as_json:
        for one in dead:
            click.echo(json.dumps(one))
    elif dead:
        _show(dead)
    else:
        click.echo("nothing waits")
    for service in silent:
        click.echo(f"{service} does not answer; see: dropship status", err=True)
    if silent:
        raise click.exceptions.Exit(1)


@command.command("retry")
@service_argument
@click.argument("id_", metavar="ID")
@home_option
def retry(service: str, id_: str, home: Home) -> None:
    """Try it again: a command once more, or all that is parked under one key, in order.

    \b
    Example:
      dropship dead retry scraper 0190f3d2-7a4e-7cc1-b0a5-0d0c3c6e2f11
    """
    answer = _run(home, lambda asker: _ask(asker, service, "dead_retry", id_))
    click.echo(f"tried again: {answer['retried']}")


@command.command("drop")
@service_argument
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@home_option
def drop(service: str, id_: str, yes: bool, home: Home) -> None:
    """Give it up for ever. Of a parked key only the first event is dropped.

    \b
    Example:
      dropship dead drop --yes tracker EVENTS:2b1c…
    """
    if not yes:
        click.confirm(f"Give up {id_} of {service} for ever?", abort=True)
    _run(home, lambda asker: _ask(asker, service, "dead_drop", id_))
    click.echo("dropped")


def _run(home: Home, work: Callable[[Asker], Awaitable[T]]) -> T:
    stack = stack_file.read(home)

    async def connected() -> T:
        async with bus_to(stores_of(stack)) as bus:
            return await work(Asker(bus))

    return asyncio.run(connected())


async def _list(asker: Asker) -> tuple[list[dict[str, Any]], list[str]]:
    dead: list[dict[str, Any]] = []
    silent: list[str] = []
    for service in SERVICES:
        try:
            answer = await asker.ask_raw(f"ask.{service}.dead_list", b"", {})
            dead += msgspec.json.decode(answer)
        except (NoAnswer, Retry):
            silent.append(service)
    return dead, silent


async def _ask(asker: Asker, service: str, name: str, id_: str) -> Any:
    payload = msgspec.json.encode({"id": id_})
    try:
        return msgspec.json.decode(await asker.ask_raw(f"ask.{service}.{name}", payload, {}))
    except Refused as refused:
        raise Fault(
            f"{service} refuses: {refused.detail or refused.reason}.\n"
            "Ids are shown by: dropship dead list"
        ) from refused
    except Retry as again:
        raise Fault(f"{service} cannot do it now: {again.reason}. Try once more.") from again
    except NoAnswer as silent:
        raise Fault(f"{service} does not answer. See: dropship status") from silent


def _show(dead: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("service", "kind", "what", "since", "behind", "cause", "id"):
        table.add_column(column, overflow="fold")
    for one in dead:
        behind = str(one["behind"]) if one.get("behind") else ""
        table.add_row(
            *(one["service"], one["kind"], one["name"], one["at"][:19], behind),
            *(one["cause"], one["id"]),
        )
    Console().print(table)
