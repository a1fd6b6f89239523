"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dropship.cli.settings import HOME_VARIABLE, default_home
from dropship.cli.stack.home import Home

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """``--home DIR``; the command gets a `Home`."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        callback=lambda _ctx, _option, given: Home.at(given or default_home()),
        metavar="DIR",
        help=f"Folder of the stack; by default ${HOME_VARIABLE} or .data here.",
    )(command)
