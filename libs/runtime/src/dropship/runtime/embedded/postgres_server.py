"""PostgreSQL with stock durability, for one owner, on the loopback only."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from dropship.runtime.embedded.binaries import postgres_folder
from dropship.runtime.embedded.identity import Owner, forget_elsewhere, place_for, unprivileged
from dropship.runtime.embedded.ports import free_port
from dropship.runtime.embedded.private import new_password, write_private
from dropship.runtime.embedded.program import Program
from dropship.runtime.embedded.server import Server, StartFailed

SUPERUSER = "postgres"
MAX_CONNECTIONS = 200
MAJOR = "18"
INITDB_TIMEOUT_S = 120.0
PREDECESSOR_S = 15.0
LONGEST_RECOVERY_S = 1800.0
# After a crash one call for the whole file system, instead of one fsync for each of 3,000 files.
_SYNC_AT_ONCE = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": str(MAX_CONNECTIONS),
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    "timezone": "UTC",
    **_SYNC_AT_ONCE,
}


class PostgresServer(Server):
    """One PostgreSQL cluster below `home`, or below `place` where its user cannot go to `home`.

    The superuser's password is made once and kept in ``home/superuser`` (mode 0600). With
    `durable` False, files that had to be put outside `home` go to the temporary folder and are
    deleted at the end of the ``async with``. With `synced` False nothing waits for the disk: right
    for a test run, whose rows need to outlive its processes and not the machine.
    """

    name = "postgres"

    def __init__(
        self, home: Path, *, port: int = 0, durable: bool = True, synced: bool = True
    ) -> None:
        super().__init__(home)
        self.durable = durable
        self.synced = synced
        self.owner: Owner | None = unprivileged()
        self.port = self._wanted = port
        self.place = home
        self._recovering_since: float | None = None

    @property
    def cluster(self) -> Path:
        """The data directory."""
        return self.place / "cluster"

    @property
    def password(self) -> str:
        """The superuser's password. Raises FileNotFoundError before the first `prepare`."""
        return (self.home / "superuser").read_text(encoding="utf-8")

    def dsn(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """A connection URL, by default the superuser's. It holds the password: never log it."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{quote(user, safe='')}:{secret}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> Program:
        self.port = self.port or free_port()
        try:
            self._make_home()
            self.place = place_for(self.home, self.owner, durable=self.durable)
            programs = postgres_folder(self.owner, self.place) / "bin"
            if not self.cluster.exists():
                self._initdb(programs)
        except OSError as error:
            raise StartFailed(
                f"cannot make a PostgreSQL cluster in {self.home}: {error}"
            ) from error
        self._check_version()
        self._await_predecessor()
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        if not self.synced:
            settings.append("--fsync=off")
        return Program(
            name=self.name,
            argv=(
                str(programs / "postgres"),
                "-D",
                str(self.cluster),
                f"--port={self.port}",
                *settings,
            ),
            env=_ENVIRONMENT,
            cwd=self.place,
            owner=self.owner,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGQUIT,
        )

    def _make_home(self) -> None:
        # Enterable, not readable, when its server is another user than we.
        self.home.mkdir(mode=0o711 if self.owner else 0o700, parents=True, exist_ok=True)
        if not (self.home / "superuser").exists():
            write_private(self.home / "superuser", new_password())

    def _initdb(self, programs: Path) -> None:
        """Make the cluster beside its final place and move it there when it is whole."""
        fresh, secret = self.place / "cluster.new", self.place / "superuser.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        uid, gid = (self.owner.uid, self.owner.gid) if self.owner else (-1, -1)
        write_private(secret, self.password, uid=uid, gid=gid)
        os.chown(fresh, uid, gid)
        try:
            self._run_initdb(programs, fresh, secret)
        finally:
            secret.unlink()
        fresh.rename(self.cluster)

    def _run_initdb(self, programs: Path, fresh: Path, secret: Path) -> None:
        program = Program(
            name="initdb",
            argv=(
                str(programs / "initdb"),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ),
            owner=self.owner,
        )
        done = subprocess.run(  # noqa: S603 - our own binary
            program.tied(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT,
            cwd=self.place,
            timeout=INITDB_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace").strip()
            raise StartFailed(f"initdb ended with code {done.returncode} in {fresh}:\n{said}")

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR:
            raise StartFailed(
                f"{self.cluster} was made by PostgreSQL {found}, this release runs {MAJOR}: "
                "move the folder away to begin anew, or dump it with the old release"
            )

    def _await_predecessor(self) -> None:
        """Wait for servers on these files to end, then drop a pid file that names a stranger.

        PostgreSQL removes a stale one itself unless its pid was given to another process meanwhile.
        """
        deadline = time.monotonic() + PREDECESSOR_S
        while living := _working_in(self.cluster):
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"another PostgreSQL (pid {living[0]}) works on {self.cluster}; stop it first"
                )
            time.sleep(0.05)
        if _PROC.is_dir():
            with contextlib.suppress(FileNotFoundError):
                (self.cluster / "postmaster.pid").unlink()

    def choose_other_ports(self) -> bool:
        self.port = self._wanted
        return self._wanted == 0

    async def probe(self) -> str | None:
        try:
            connection = await asyncio.wait_for(
                psycopg.AsyncConnection.connect(self.dsn(), connect_timeout=2), timeout=5.0
            )
        except (psycopg.OperationalError, TimeoutError) as error:
            said = str(error)
            if "starting up" in said or "recovery" in said:
                self._recovering_since = self._recovering_since or time.monotonic()
                return "it is recovering from a crash"
            return said.splitlines()[-1] if said else type(error).__name__
        self._recovering_since = None
        await connection.close()
        return None

    def still_recovering(self) -> bool:
        since = self._recovering_since
        return since is not None and time.monotonic() - since < LONGEST_RECOVERY_S

    def prepare_stop(self) -> signal.Signals:
        return signal.SIGINT if self.synced else signal.SIGQUIT

    def remove_elsewhere(self) -> None:
        if not self.durable:
            forget_elsewhere(self.home)


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PROC = Path("/proc/self")


def _working_in(folder: Path) -> list[int]:
    """Processes that work in the folder, as all of a PostgreSQL cluster do (Linux only)."""
    found: list[int] = []
    wanted = str(folder.resolve())
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry / "cwd") == wanted:
                found.append(int(entry.name))
    return found
