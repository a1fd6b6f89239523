"""A whole stack of real processes, started and stopped as a person would: by the command line."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from psycopg import AsyncConnection, OperationalError

from dropship.runtime.testing import eventually
from integration import programs

SERVICES = ("analytics", "gateway", "policy", "scraper", "syncer", "tracker")
START_S = 120.0
BACK_S = 60.0
ANY_PORT = "--port=0"


Homes = Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True)
class Done:
    """How a command of ``dropship`` ended, and everything it wrote."""

    code: int
    said: str


@contextmanager
def new_home(kept: Callable[[Path], bool]) -> Iterator[Path]:
    """A folder for one stack that the database's own user can walk to, removed at the end.

    Where `kept` says so, or where an error ends it, the logs stay.
    """
    folder = Path(tempfile.mkdtemp(prefix="dropship-shop-"))
    folder.chmod(0o711)
    home, spared = folder / ".data", False
    try:
        yield home
        spared = kept(home / "logs")
    except BaseException as error:
        spared = True
        error.add_note(f"logs are kept in {home / 'logs'}")
        raise
    finally:
        for part in (home / "nats", home / "postgres") if spared else (folder,):
            shutil.rmtree(part, ignore_errors=True)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Our own surroundings without anybody's settings, and with these ones."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("DROPSHIP_")}
    return plain | {f"DROPSHIP_{name}": value for name, value in settings.items()}


NOTHING: Mapping[str, str] = {}
IMPATIENT = {"NEW_TENANT_TIER": "enterprise"}
"""Sellers of tests look far more often than any free tier allows."""


async def spawn(
    *arguments: str, out: Any, settings: Mapping[str, str] = NOTHING
) -> asyncio.subprocess.Process:
    """``dropship`` with these arguments; `settings` are variables without their prefix."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dropship.cli", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(settings),
    )


async def dropship(*arguments: str, settings: Mapping[str, str] = NOTHING) -> Done:
    """Run a command of ``dropship`` to its end."""
    process = await spawn(*arguments, out=asyncio.subprocess.PIPE, settings=settings)
    said, _ = await asyncio.wait_for(process.communicate(), START_S)
    return Done(process.returncode or 0, said.decode())


class Stack:
    """A running stack, known only by what it promises to outsiders: its ``stack.json``."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @classmethod
    async def up(
        cls, home: Path, *arguments: str, settings: Mapping[str, str] = NOTHING
    ) -> "Stack":
        """Start one in the background, and return when it says that it is ready."""
        where = ("--home", str(home))
        told = {**IMPATIENT, **settings}
        done = await dropship("up", "--detach", ANY_PORT, *where, *arguments, settings=told)
        assert done.code == 0, done.said
        return cls(home)

    async def down(self) -> Done:
        """Stop it as a person would."""
        return await dropship("down", "--home", str(self.home))

    def now(self) -> dict[str, Any]:
        """``stack.json`` as it stands at this moment."""
        described: dict[str, Any] = msgspec.json.decode((self.home / "stack.json").read_bytes())
        return described

    @property
    def gateway(self) -> str:
        return str(self.now()["gateway"]["url"])

    @property
    def simulator(self) -> str:
        return str(self.now()["simulators"]["supplier"]["url"])

    @property
    def dsn(self) -> str:
        return str(self.now()["postgres"]["dsn"])

    def pids(self) -> dict[str, int]:
        """Every program by a name of ours (``tracker/0``), with its process id now."""
        now = self.now()
        services = {
            f"{name}/{number}": replica["pid"]
            for name, replicas in now["services"].items()
            for number, replica in enumerate(replicas)
        }
        return {"nats": now["nats"]["pid"], "postgres": now["postgres"]["pid"], **services}

    def supervisor(self) -> int:
        """The process that keeps the others running: their parent."""
        return programs.parent_of(self.now()["nats"]["pid"])

    def family(self) -> frozenset[programs.Program]:
        """The supervisor and everything below it."""
        return programs.family_of(self.supervisor())

    async def is_back(self, name: str, old: int) -> bool:
        """Whether a program runs that is not the `old` process, and serves."""
        if self.pids()[name] == old:
            return False
        try:
            if name == "nats":
                await (await self.nats(connect_timeout=1)).close()
            elif name == "postgres":
                await self.sql("SELECT 1")
            else:
                service, number = name.split("/")
                url = self.now()["services"][service][int(number)]["health_url"]
                async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
                    return (await http.get(url)).status_code == 200
        except (OperationalError, NatsError, OSError, httpx.TransportError):
            return False
        return True

    async def services_restarted(self) -> None:
        """Every service ends in good order, as for an update, and serves again."""
        old = {name: pid for name, pid in self.pids().items() if "/" in name}
        for pid in old.values():
            os.kill(pid, signal.SIGTERM)
        for name, pid in old.items():
            await eventually(
                partial(self.is_back, name, pid), within_s=BACK_S, what=f"the return of {name}"
            )

    async def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database answers to its administrator."""
        async with await AsyncConnection.connect(self.dsn, connect_timeout=5) as connection:
            cursor = await connection.execute(statement.encode(), parameters or None)
            return await cursor.fetchall()

    async def nats(self, **more: Any) -> Client:
        """A connection with the administrator's rights, or with those of another `user`."""
        server = self.now()["nats"]
        given = {"user": server["user"], "password": server["password"], **more}
        return await nats.connect(server["url"], max_reconnect_attempts=1, **given)


async def stopped(family: frozenset[programs.Program]) -> None:
    """Wait until nothing of it runs any more: whoever is left is an orphan, and named."""
    await eventually(
        lambda: not [one for one in family if one.is_alive()],
        within_s=20,
        what=f"the end of {', '.join(sorted(one.name for one in family))}",
    )


def strike(pid: int) -> None:
    """``kill -9``."""
    os.kill(pid, signal.SIGKILL)
