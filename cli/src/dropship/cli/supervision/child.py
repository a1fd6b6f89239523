"""A child process on the event loop that tells of its end even while others hold its output open.

asyncio's own subprocesses report the end only when every copy of the pipe is closed, so that one
forgotten grandchild would keep a crash unseen.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable

from dropship.cli.supervision.logs import Lines
from dropship.runtime.embedded import Program

CHUNK_BYTES = 65_536
LAST_OUTPUT_S = 2.0


class Child:
    """One run of a program. Make it on the loop's thread, which must live as long as the child."""

    def __init__(self, program: Program, write: Callable[[bytes], None]) -> None:
        self._program = program
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._write = write
        self._lines = Lines()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._silent = asyncio.Event()
        self._source, sink = os.pipe()
        os.set_blocking(self._source, False)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - the caller says what to run
                program.tied(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=None if program.env is None else dict(program.env),
                cwd=program.cwd,
                start_new_session=True,
            )
        except OSError:
            os.close(self._source)
            raise
        finally:
            os.close(sink)
        loop.add_reader(self._source, self._read)
        threading.Thread(target=self._wait, name=f"wait for {program.name}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def _wait(self) -> None:
        code = self._popen.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            self._loop.call_soon_threadsafe(self._note_end, code)

    def _note_end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)

    def _read(self) -> None:
        try:
            chunk = os.read(self._source, CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._hang_up()
            return
        for line in self._lines.feed(chunk):
            self._write(line)

    def _hang_up(self) -> None:
        if not self._silent.is_set():
            self._silent.set()
            self._loop.remove_reader(self._source)
            os.close(self._source)
            if rest := self._lines.end():
                self._write(rest)

    async def ended(self) -> int:
        """Wait for its end; what it left in its process group is killed, its output read out."""
        code = await asyncio.shield(self._ended)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._silent.wait(), LAST_OUTPUT_S)
        self._hang_up()
        return code

    async def stop(self, timeout_s: float) -> bool:
        """Ask it to end as its program wants to be asked; false when it had to be killed."""
        self._popen.send_signal(self._program.stop_signal)
        try:
            await asyncio.wait_for(asyncio.shield(self._ended), timeout_s)
        except TimeoutError:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """``kill -9``; nothing happens when it has ended."""
        self._popen.kill()
