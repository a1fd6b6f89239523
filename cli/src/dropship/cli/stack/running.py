"""One stack from start to stop in this process, watched over until somebody says stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

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
        ready: Callable[[Plan], None],
    ) -> int:
        """Start, tell `ready`, stay until a signal, stop; the exit code. Raises Fault."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._signalled)
        try:
            if await self._started(progress):
                self._ready = True
                self._write_down()
                ready(self.plan)
                await self._asked_to_stop.wait()
        except CannotStart as error:
            raise Fault(str(error)) from error
        finally:
            self._ready = False
            await self._supervisor.stop()
            self.home.forget()
        return FORCED if self._forced else 0

    async def _started(self, progress: Callable[[str], None]) -> bool:
        """Whether it came up before somebody said stop."""
        start = asyncio.create_task(self._supervisor.start(START_TIMEOUT_S, progress))
        stop = asyncio.create_task(self._asked_to_stop.wait())
        await asyncio.wait((start, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if start.done():
            await start
            return True
        start.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await start
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
