"""One stack from start to stop in this process, watched over until somebody says stop."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

from dropship.cli.faults import Fault
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.plan import Plan, Wish
from dropship.cli.supervision.part import CannotStart
from dropship.cli.supervision.supervisor import Say, Supervisor

START_TIMEOUT_S = 120.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FORCED = 130


class Running:
    """What happens to the stack of one home. Made in the main thread, run by `asyncio.run`."""

    def __init__(self, home: Home, wish: Wish, say: Say) -> None:
        self.home = home
        self.plan = Plan(home, wish)
        self._supervisor = Supervisor(
            self.plan.stages(), home.logs, say=say, changed=self._write_down
        )
        self._say = say
        self._ready = False
        self._asked_to_stop = asyncio.Event()
        self._forced = False

    async def run(
        self,
        progress: Callable[[str], None],
        work: Callable[[Plan], Awaitable[None]],
    ) -> int:
        """Start, then do `work` until it ends or a signal comes, then stop; the exit code.

        Raises Fault when something does not start, and whatever `work` raises.
        """
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._signalled)
        try:
            if await self._unless_stopped(self._supervisor.start(START_TIMEOUT_S, progress)):
                self._ready = True
                self._write_down()
                await self._unless_stopped(work(self.plan))
        except CannotStart as error:
            raise Fault(str(error)) from error
        finally:
            self._ready = False
            await self._supervisor.stop()
            self.home.forget()
        return FORCED if self._forced else 0

    async def _unless_stopped(self, work: Awaitable[None]) -> bool:
        """Whether the work ended before somebody said stop; else it is cancelled."""
        task = asyncio.ensure_future(work)
        stop = asyncio.create_task(self._asked_to_stop.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
        if task.done():
            await task
            return True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return False

    def _signalled(self) -> None:
        if self._asked_to_stop.is_set():
            self._forced = True
            self._say("supervisor", b"killing everything")
            self._supervisor.kill()
            return
        self._say("supervisor", b"stopping: services, simulators, NATS and PostgreSQL")
        self._asked_to_stop.set()

    def _write_down(self) -> None:
        kept = self._supervisor.kept
        stack_file.write_standings(self.home, kept)
        if self._ready and (stack := stack_file.describe(self.plan, kept)) is not None:
            stack_file.write(self.home, stack)
