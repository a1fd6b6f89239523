"""One program that shall run, and how to know that it serves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dropship.runtime.embedded import Program

EXIT_CONFIG = 78
"""What a program ends with when its settings are wrong: starting it again would change nothing."""


async def at_once() -> str | None:
    """The probe of a program that serves as soon as it runs."""
    return None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A program of a stage.

    `prepare` is called in a thread before every start and may take seconds. `probe` answers None
    when the program serves, else why not. With `once`, the program is expected to end with code 0,
    and the next stage waits for that.
    """

    name: str
    prepare: Callable[[], Program]
    probe: Callable[[], Awaitable[str | None]] = at_once
    once: bool = False
    stop_timeout_s: float = 12.0


class CannotStart(Exception):
    """A part did not come up; the text says which, why, and shows the end of its log."""
