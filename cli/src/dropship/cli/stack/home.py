"""The folder of one stack: ``.data`` by default. Everything it writes is below it."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropship.cli.faults import NOT_RUNNING, Fault
from dropship.runtime.embedded import open_private, write_private

LOCK_TRIES = 20


@dataclass(frozen=True)
class Home:
    """Paths of one stack. A relative folder is taken from the current one."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Home":
        return cls(folder.expanduser().absolute())

    @property
    def stack_file(self) -> Path:
        """What others rely on; exists only while everything has been ready once."""
        return self.folder / "stack.json"

    @property
    def programs_file(self) -> Path:
        """What ``dropship status`` shows beyond the stack file: states and restarts."""
        return self.folder / "programs.json"

    @property
    def secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def nats(self) -> Path:
        return self.folder / "nats"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def _lock(self) -> Path:
        return self.folder / "lock"

    def make(self) -> None:
        """Make the folders, closed to others. Raises Fault when they cannot be written."""
        try:
            # The database may run as a user of its own, who must be able to walk through.
            self.folder.mkdir(
                mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True
            )
            self.logs.mkdir(mode=0o700, exist_ok=True)
            write_private(self.folder / ".writable", "")
            (self.folder / ".writable").unlink()
        except OSError as error:
            raise Fault(
                f"cannot write in {self.folder}: {error.strerror}.\n"
                "Choose another folder with --home DIR or the variable DROPSHIP_HOME."
            ) from error

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one supervisor of this folder. The kernel frees it however we end.

        Raises Fault when another one is.
        """
        with open_private(self._lock, append=True) as lock:
            for attempt in range(LOCK_TRIES):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if attempt == LOCK_TRIES - 1:
                        raise self.already_running() from None
                    time.sleep(0.02)  # somebody may only be asking who holds it
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def holder(self) -> int | None:
        """The process id of the running supervisor, or None."""
        try:
            lock = self._lock.open("rb")
        except OSError:
            return None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or b"0") or None
            return None

    def already_running(self) -> Fault:
        """What to say to who would start a second one."""
        return Fault(
            f"a stack is already running in {self.folder} (supervisor {self.holder()}).\n"
            f"Stop it with: dropship down --home {self.folder}\n"
            "or start another one beside it with: dropship up --home OTHER_DIR"
        )

    def not_running(self) -> Fault:
        """What to say to who needs a running one."""
        return Fault(
            f"no stack is running in {self.folder}.\n"
            "Start one with: dropship up --detach --simulators\n"
            "or name the folder of a running one with --home DIR.",
            exit_code=NOT_RUNNING,
        )

    def clear(self) -> None:
        """Remove what a stack keeps here, and the folder itself if nothing else is in it."""
        for folder in (self.nats, self.postgres, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.secrets_file, self._lock):
            file.unlink(missing_ok=True)
        self.forget()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def forget(self) -> None:
        """Remove what describes a running stack."""
        self.stack_file.unlink(missing_ok=True)
        self.programs_file.unlink(missing_ok=True)
