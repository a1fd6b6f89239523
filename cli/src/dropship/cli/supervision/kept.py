"""One program kept running: spawned, its output written down, started again when it ends."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from enum import StrEnum

from dropship.cli.supervision.child import Child
from dropship.cli.supervision.logs import BoundedLog
from dropship.cli.supervision.part import EXIT_CONFIG, CannotStart, Part
from dropship.runtime.embedded import StartFailed

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
SETTLED_S = 5.0
GIVE_UP_STARTS = 5
PROBE_S = 0.05


class State(StrEnum):
    """Where a program stands."""

    waiting = "waiting"
    starting = "starting"
    running = "running"
    restarting = "restarting"
    ended = "ended"


class Kept:
    """A part and the process that is it now.

    Spawn it from the main thread: the kernel ties a child to the thread that made it.
    `changed` is called whenever pid or state change; `say` is given every line of output.
    """

    def __init__(
        self,
        part: Part,
        log: BoundedLog,
        say: Callable[[str, bytes], None],
        changed: Callable[[], None],
    ) -> None:
        self.part = part
        self.log = log
        self.state = State.waiting
        self.pid: int | None = None
        self.restarts = 0
        self.last_end = ""
        self._say = say
        self._changed = changed
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._refused = ""

    def begin(self) -> None:
        """Start keeping it running."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.part.name}")

    async def until_ready(self, timeout_s: float) -> None:
        """Wait until it serves (or, for a part that runs once, has ended well).

        Raises CannotStart when it ends `GIVE_UP_STARTS` times, has wrong settings, or is too slow.
        """
        deadline = time.monotonic() + timeout_s
        why: str | None = "it has not started"
        while why is not None:
            if self.part.once:
                why = (
                    None if self.state is State.ended and not self.last_end else "it has not ended"
                )
            elif self.state is State.running:
                why = await self.part.probe()
            self._check_hope(deadline, why)
            if why is not None:
                await asyncio.sleep(PROBE_S)

    def _check_hope(self, deadline: float, why: str | None) -> None:
        if why is None:
            return
        if self._refused:
            raise CannotStart(f"{self.part.name} cannot be started: {self._refused}")
        hopeless = self.state is State.ended or self.restarts >= GIVE_UP_STARTS
        if hopeless or (self.part.once and self.last_end):
            raise CannotStart(f"{self.part.name} {self.last_end}\n{self._last_words()}")
        if time.monotonic() > deadline:
            raise CannotStart(f"{self.part.name} is not ready: {why}\n{self._last_words()}")

    def _last_words(self) -> str:
        said = "\n".join(f"  {line}" for line in self.log.last_lines) or "  (it said nothing)"
        return f"the end of {self.log.path}:\n{said}"

    async def _keep(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping:
            began = time.monotonic()
            self.last_end = await self._run_once()
            if self._stopping or self.part.once or self.last_end.endswith(f"code {EXIT_CONFIG}"):
                break
            if time.monotonic() - began > SETTLED_S:
                backoff_s = FIRST_BACKOFF_S
            self.restarts += 1
            self._be(State.restarting)
            self._note(f"{self.part.name} {self.last_end}; starting it again in {backoff_s:.1f} s")
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
        self._be(State.ended)

    async def _run_once(self) -> str:
        """Run the program to its end; how it ended, or an empty text when that was well."""
        self._be(State.starting)
        self._refused = ""
        try:
            program = await asyncio.to_thread(self.part.prepare)
            if self._stopping:
                return ""
            self._child = child = Child(program, self._write)
        except (StartFailed, OSError) as error:
            self._refused = str(error)
            self._write(self._refused.encode())
            return "cannot be started"
        self._be(State.running, child.pid)
        code = await child.ended()
        self._child, self.pid = None, None
        if code == 0 and self.part.once:
            return ""
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

    def _write(self, line: bytes) -> None:
        self.log.write(line)
        self._say(self.part.name, line)

    def _note(self, text: str) -> None:
        self._say("supervisor", text.encode())

    def _be(self, state: State, pid: int | None = None) -> None:
        self.state, self.pid = state, pid
        self._changed()

    async def stop(self) -> None:
        """End it in good order, kill it after its time-out, and do not start it again."""
        self._stopping = True
        timeout_s = self.part.stop_timeout_s
        if self._child is not None and not await self._child.stop(timeout_s):
            self._note(f"{self.part.name} did not end in {timeout_s:.0f} s: killed")
        await self._end_task()

    async def _end_task(self) -> None:
        if self._task is None:
            return
        if self.state is State.restarting:
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._be(State.ended)

    def kill(self) -> None:
        """``kill -9``, now, and do not start it again."""
        self._stopping = True
        if self._child is not None:
            self._child.kill()
