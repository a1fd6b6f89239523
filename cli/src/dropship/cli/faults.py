"""Expected faults: one sentence on what is wrong and one on what to do, never a traceback."""

import click


class Fault(click.ClickException):
    """Shown as ``Error: …`` on stderr; the command ends with `exit_code`."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]


NOT_RUNNING = 3
"""The exit code of commands that need a running stack and find none."""
