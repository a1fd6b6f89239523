"""``dropship plugins``: who is plugged in, from which distribution, and who is refused."""

import json

import click
from rich.console import Console
from rich.table import Table

from dropship.runtime.plugins import Plugins, load
from dropship.runtime.telemetry.logs import configure

GROUPS = {"supplier": "dropship.suppliers", "marketplace": "dropship.marketplaces"}


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(as_json: bool) -> None:
    """Show who is plugged in, and who is refused.

    Plugins are found by their entry points, ours like yours. Ends with 1 when one is broken; the
    others work all the same.

    \b
    Examples:
      dropship plugins
      dropship plugins --json | jq 'select(.broken)'
    """
    configure("cli", "cli", level="critical")
    found = [row for kind, group in GROUPS.items() for row in _rows(kind, load(group))]
    if as_json:
        for row in found:
            click.echo(json.dumps(row))
    else:
        _show(found)
    if any(row["broken"] for row in found):
        raise click.exceptions.Exit(1)


def _rows(kind: str, plugins: Plugins) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = [
        {
            "kind": kind,
            "name": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "broken": None,
        }
        for plugin in plugins.found.values()
    ]
    rows += [
        {"kind": kind, "name": name, "distribution": None, "version": None, "broken": reason}
        for name, reason in plugins.broken.items()
    ]
    return rows


def _show(rows: list[dict[str, str | None]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("kind", "name", "distribution", "version", ""):
        table.add_column(column)
    for row in rows:
        refused = f"[red]refused: {row['broken']}[/]" if row["broken"] else "[green]ready[/]"
        table.add_row(
            row["kind"], row["name"], row["distribution"] or "?", row["version"] or "?", refused
        )
    Console().print(table if rows else "nobody is plugged in")
