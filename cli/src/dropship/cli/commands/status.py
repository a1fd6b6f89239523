"""``dropship status``: what runs, and whether it is ready."""

import asyncio
import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from dropship.cli.faults import NOT_RUNNING
from dropship.cli.loopback import why_not_ready
from dropship.cli.options import home_option
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home

NOT_READY = 1


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@home_option
def command(as_json: bool, home: Home) -> None:
    """Show what runs, and whether it is ready.

    Ends with 0 when everything is ready, 1 when something is not, 3 when nothing runs.

    \b
    Examples:
      dropship status
      dropship status --json | jq .programs
    """
    if home.holder() is None:
        if as_json:
            click.echo(json.dumps({"running": False, "programs": []}))
            sys.exit(NOT_RUNNING)
        raise home.not_running()
    report = asyncio.run(_report(home))
    if as_json:
        click.echo(json.dumps(report))
    else:
        _show(report)
    sys.exit(0 if report["ready"] else NOT_READY)


async def _report(home: Home) -> dict[str, Any]:
    try:
        stack: stack_file.Stack | None = stack_file.read(home)
    except click.ClickException:
        stack = None
    reasons = await _reasons(stack) if stack else {}
    programs = [
        {
            "name": standing.name,
            "state": standing.state,
            "pid": standing.pid,
            "restarts": standing.restarts,
            "not_ready": reasons.get(standing.pid or 0),
            "last_end": standing.last_end or None,
        }
        for standing in stack_file.read_standings(home)
        if standing.name != "migrate" or standing.last_end
    ]
    bad = [p for p in programs if p["not_ready"] or p["state"] != "running"]
    return {
        "running": True,
        "ready": stack is not None and not bad,
        "gateway": stack.gateway.url if stack else None,
        "simulators": {name: s.url for name, s in stack.simulators.items()} if stack else {},
        "programs": programs,
    }


async def _reasons(stack: stack_file.Stack) -> dict[int, str | None]:
    instances = [one for replicas in stack.services.values() for one in replicas]
    found = await asyncio.gather(*(why_not_ready(one.health_url) for one in instances))
    return {one.pid: reason for one, reason in zip(instances, found, strict=True)}


def _show(report: dict[str, Any]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("program", "pid", "state", "restarts", "last end"):
        table.add_column(column)
    for program in report["programs"]:
        fine = program["state"] == "running" and not program["not_ready"]
        state = "ready" if fine else "not ready" if program["not_ready"] else program["state"]
        table.add_row(
            program["name"],
            str(program["pid"] or "-"),
            f"[{'green' if fine else 'red'}]{state}[/]",
            str(program["restarts"]),
            program["not_ready"] or program["last_end"] or "",
        )
    console.print(table)
    console.print(f"\nAPI: {report['gateway'] or 'not yet'}")
    for name, url in report["simulators"].items():
        console.print(f"simulated {name}: {url}")
