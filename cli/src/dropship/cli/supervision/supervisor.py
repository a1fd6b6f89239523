"""Stages of programs: each stage begins when the one before serves, and ends before it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropship.cli.supervision.kept import Kept
from dropship.cli.supervision.logs import BoundedLog
from dropship.cli.supervision.part import Part

Say = Callable[[str, bytes], None]
"""Is given the name of a program and one line that it wrote."""


@dataclass(frozen=True)
class Stage:
    """Programs that may start together. `title` is what a waiting person reads."""

    title: str
    parts: tuple[Part, ...]


class Supervisor:
    """Runs stages. `changed` is called after every new pid and every change of state."""

    def __init__(
        self,
        stages: Sequence[Stage],
        log_folder: Path,
        *,
        say: Say = lambda _name, _line: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._titles = [stage.title for stage in stages]
        self._logs: list[BoundedLog] = []
        self._stages = [
            [self._keep(part, log_folder, say, changed) for part in stage.parts] for stage in stages
        ]

    def _keep(self, part: Part, log_folder: Path, say: Say, changed: Callable[[], None]) -> Kept:
        log = BoundedLog(log_folder / f"{part.name}.log")
        self._logs.append(log)
        return Kept(part, log, say, changed)

    @property
    def kept(self) -> list[Kept]:
        """Every program, in the order of starting."""
        return [kept for stage in self._stages for kept in stage]

    async def start(
        self, timeout_s: float, progress: Callable[[str], None] = lambda _title: None
    ) -> None:
        """Start everything, stage by stage. Raises CannotStart; call `stop` then, too."""
        for title, stage in zip(self._titles, self._stages, strict=True):
            progress(title)
            for kept in stage:
                kept.begin()
            await _all([kept.until_ready(timeout_s) for kept in stage])

    async def stop(self) -> None:
        """Stop everything in reverse order; within a stage, all at once. Stops at most once."""
        for stage in reversed(self._stages):
            await asyncio.gather(*(kept.stop() for kept in stage))
        for log in self._logs:
            log.close()

    def kill(self) -> None:
        """Kill everything without waiting for anything; `stop` returns soon afterwards."""
        for kept in self.kept:
            kept.kill()


async def _all(waits: list[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first failure ends the waiting."""
    try:
        async with asyncio.TaskGroup() as group:
            for wait in waits:
                group.create_task(wait)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
