"""A server as a child of this process: started, waited for, stopped, and killed on purpose."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from dropship.runtime.embedded.private import open_private
from dropship.runtime.embedded.program import Program

POLL_S = 0.03
LOG_BYTES = 10_000_000


class StartFailed(Exception):
    """A server cannot be started; the text says why and what may be done about it."""


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, or an empty text."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 20_000))
            found = log.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(found[-lines:])


class Server(ABC):
    """What NATS and PostgreSQL have in common. Give it a folder of its own.

    `start`, `stop` and `kill` are for tests and tools; a supervisor uses `prepare` and `probe`.
    After `kill` or `stop`, `start` brings the same server back: same ports, same files.
    """

    name: str

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log_path = home / "server.log"
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> Program:
        """Make folders, configuration and ports, and say what to run. May take some seconds.

        Safe to call again before every start. Raises StartFailed.
        """

    @abstractmethod
    async def probe(self) -> str | None:
        """None when it serves; otherwise why it does not yet."""

    @abstractmethod
    def choose_other_ports(self) -> bool:
        """Called when a port was taken under our hands; False when the caller had fixed them."""

    def still_recovering(self) -> bool:
        """Whether the last probe met honest work that must not be cut short."""
        return False

    @property
    def pid(self) -> int:
        """The process id. Raises RuntimeError when it is not running."""
        if self._child is None or self._child.poll() is not None:
            raise RuntimeError(f"{self.name} is not running")
        return self._child.pid

    async def start(self, timeout_s: float = 60.0) -> None:
        """Start and wait until it serves. Raises StartFailed with the end of its log."""
        for attempt in (1, 2, 3):
            program = await asyncio.to_thread(self.prepare)
            self._child = self._spawn(program)
            try:
                await self._ready(timeout_s)
                return
            except StartFailed as failed:
                await self.stop()
                taken = "in use" in str(failed)
                if attempt == 3 or not taken or not self.choose_other_ports():
                    raise

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        fresh = not self.log_path.exists() or self.log_path.stat().st_size > LOG_BYTES
        with open_private(self.log_path, append=not fresh) as log:
            return subprocess.Popen(  # noqa: S603 - our own binaries
                program.tied(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if program.env is None else dict(program.env),
                cwd=program.cwd,
                start_new_session=True,
            )

    async def _ready(self, timeout_s: float) -> None:
        began = time.monotonic()
        while True:
            assert self._child is not None
            if self._child.poll() is not None:
                raise StartFailed(self._ended(self._child.returncode))
            why = await self.probe()
            if why is None:
                return
            waited_s = time.monotonic() - began
            if waited_s > timeout_s and not self.still_recovering():
                raise StartFailed(
                    f"{self.name} is not ready after {waited_s:.0f} s: {why}\n{self._last_words()}"
                )
            await asyncio.sleep(POLL_S)

    def _ended(self, code: int) -> str:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{self.name} {how} before it was ready\n{self._last_words()}"

    def _last_words(self) -> str:
        return f"the end of {self.log_path}:\n{tail(self.log_path)}"

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Stop it in good order; kill it after `timeout_s`. Does nothing when it is not running."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(self.prepare_stop())
        try:
            await asyncio.to_thread(child.wait, timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            await asyncio.to_thread(child.wait)

    def prepare_stop(self) -> signal.Signals:
        """The signal that ends it in good order without waiting for its clients."""
        return signal.SIGTERM

    def kill(self) -> None:
        """``kill -9``, for tests of what is left afterwards."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()

    @abstractmethod
    def remove_elsewhere(self) -> None:
        """Delete what was put outside `home` for a throw-away server."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        await asyncio.to_thread(self.remove_elsewhere)
