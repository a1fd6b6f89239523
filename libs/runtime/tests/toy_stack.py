"""Real processes of the toy service, restarted when they die, under a load that keeps count."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from toy_checks import Promised
from toy_words import IDS, PaintToy

from dropship.runtime.asking import Asker
from dropship.runtime.errors import NoAnswer, Retry
from dropship.runtime.testing import eventually
from toy_house import Toy

TESTS = Path(__file__).parent


@dataclass
class Replica:
    """One process and its supervisor. Its log is JSON lines."""

    toy: Toy
    name: str
    folder: Path
    child: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    wanted: bool = True
    armed: str = ""

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        settings = self.toy.settings(self.name)
        env = {
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "DROPSHIP_DATABASE_URL": settings.database_url.get_secret_value(),
            "DROPSHIP_NATS_URL": settings.nats_url,
            "DROPSHIP_NATS_USER": settings.nats_user,
            "DROPSHIP_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "DROPSHIP_REPLICA": self.name,
            "DROPSHIP_LEASE_BEAT_S": "0.2",
            "DROPSHIP_DEVELOPMENT": "true",
            "DROPSHIP_LOG_FORMAT": "json",
            "DROPSHIP_FAILPOINTS": self.armed,
            "DROPSHIP_DIE_WITH_PARENT": "true",
        }
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, str(TESTS / "killing" / "replica.py")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
            )

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    async def supervise(self) -> None:
        """Start it again whenever it has died."""
        while self.wanted:
            if self.child is None or self.child.poll() is not None:
                self.restarts += self.child is not None
                self.start()
            await asyncio.sleep(0.02)

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged, each line with its `at` in seconds."""
        found = []
        for line in self.log.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            entry["at"] = datetime.fromisoformat(entry["timestamp"]).timestamp()
            found.append({**entry, "replica": self.name})
        return found


@dataclass
class Stack:
    """Two replicas under load."""

    toy: Toy
    replicas: list[Replica]
    asker: Asker
    promised: Promised = field(default_factory=Promised)
    next: int = 0

    def log(self) -> list[dict[str, Any]]:
        return sorted((e for r in self.replicas for e in r.lines()), key=lambda e: e["at"])

    async def lose_sessions(self) -> None:
        """Make both lose all they lead, so that both try to take it up again."""
        await self.toy.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dropship-toy-session'"
            " AND datname = current_database()"
        )

    async def working(self, name: str, since: float = 0) -> bool:
        replica = next(r for r in self.replicas if r.name == name)
        return any(e["event"] == "working" and e["at"] >= since for e in replica.lines())

    async def arm(self, spec: str) -> None:
        """Arm the same rules in both, after a restart too; markers let each strike once."""
        for replica in self.replicas:
            replica.armed = spec
        for replica in self.replicas:
            await eventually(lambda r=replica: self._armed(r, spec), what="armed", within_s=30)

    async def _armed(self, replica: Replica, spec: str) -> bool:
        try:
            await self.asker._bus.request(f"arm.{replica.name}", spec.encode(), timeout_s=1.0)
        except Exception:
            return False
        return True

    async def ask(self) -> UUID:
        """Ask until it is acknowledged, always with the same id, as an honest client does."""
        self.next += 1
        id_ = uuid5(IDS, f"ask/{self.next}")
        painting = PaintToy(toy=f"c{self.next % 9}", colour="red", orders=self.next % 3 == 0)
        if painting.orders:
            self.promised.asked.add(id_)
        deadline = time.monotonic() + 60
        while True:
            try:
                await self.asker.ask(painting, tenant="t", command_id=id_, deadline_s=2)
                break
            except (NoAnswer, Retry):
                assert time.monotonic() < deadline, "an ask was never acknowledged"
                await asyncio.sleep(0.05)
        self.promised.moves += 1
        return id_

    async def load(self, asks: int, at_once: int = 4) -> None:
        for start in range(0, asks, at_once):
            await asyncio.gather(*(self.ask() for _ in range(min(at_once, asks - start))))

    async def load_until(self, done: Any, within_s: float = 60) -> None:
        """Go on asking until `done` says so."""
        deadline = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < deadline, "what was to happen under load did not"
            await self.load(4)


@asynccontextmanager
async def stack(toy: Toy, folder: Path) -> AsyncIterator[Stack]:
    """Two replicas that work; killed and forgotten at the end."""
    replicas = [Replica(toy, name, folder) for name in ("toy-1", "toy-2")]
    tasks = [asyncio.create_task(replica.supervise()) for replica in replicas]
    try:
        async with toy.asker() as asker:
            running = Stack(toy, replicas, asker)
            for replica in replicas:
                await eventually(lambda n=replica.name: running.working(n), within_s=60)
            yield running
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for replica in replicas:
            if replica.child is not None and replica.child.poll() is None:
                replica.child.send_signal(signal.SIGKILL)
                replica.child.wait()
