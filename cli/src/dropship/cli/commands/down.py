"""``dropship down``: stop what runs in a folder."""

import os
import signal
import time

import click

from dropship.cli.faults import Fault
from dropship.cli.options import home_option
from dropship.cli.stack.home import Home

PATIENCE_S = 60.0


@click.command("down")
@click.option("--force", is_flag=True, help="Kill at once; nothing acknowledged is lost.")
@home_option
def command(force: bool, home: Home) -> None:
    """Stop what `up` has started: services first, then NATS and PostgreSQL.

    Services get up to ten seconds to finish what they have in hand. With nothing running it only
    removes what a killed stack left behind, and succeeds.

    \b
    Examples:
      dropship down
      dropship down --home /srv/shop --force
    """
    supervisor = home.holder()
    if supervisor is None:
        home.forget()
        click.echo(f"nothing is running in {home.folder}")
        return
    _signal(supervisor, signal.SIGKILL if force else signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_S
    while home.holder() is not None:
        if time.monotonic() > deadline:
            raise Fault(
                f"the stack in {home.folder} has not stopped in {PATIENCE_S:.0f} s.\n"
                f"Look at {home.logs / 'supervisor.log'}, or kill it with: dropship down --force"
            )
        time.sleep(0.05)
    home.forget()
    click.echo(f"stopped what was running in {home.folder}")


def _signal(supervisor: int, number: signal.Signals) -> None:
    try:
        os.kill(supervisor, number)
    except ProcessLookupError:
        return
    except PermissionError:
        raise Fault(f"process {supervisor} belongs to another user; stop it as that user") from None
