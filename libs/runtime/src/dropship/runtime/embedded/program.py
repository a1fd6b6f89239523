"""What to run, as whom, and how to end it."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dropship.runtime.embedded import launch
from dropship.runtime.embedded.identity import Owner


@dataclass(frozen=True, kw_only=True)
class Program:
    """One foreground program. `env` None means: inherit; `owner` None means: as ourselves.

    `death_signal` is what the kernel sends it when we die without a word.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    owner: Owner | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL

    def tied(self, parent: int | None = None) -> list[str]:
        """The command line that runs it through the launcher as a child of `parent`, or of us."""
        as_owner = [f"--uid={self.owner.uid}", f"--gid={self.owner.gid}"] if self.owner else []
        return [
            sys.executable,
            "-I",
            "-S",
            str(Path(launch.__file__)),
            *as_owner,
            f"--death-signal={int(self.death_signal)}",
            f"--parent={os.getpid() if parent is None else parent}",
            "--",
            *self.argv,
        ]
