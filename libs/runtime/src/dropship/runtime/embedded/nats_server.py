"""NATS with JetStream that makes an acknowledgement mean: it is on the disk."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropship.runtime.embedded.binaries import nats_server
from dropship.runtime.embedded.ports import free_ports
from dropship.runtime.embedded.private import write_private
from dropship.runtime.embedded.program import Program
from dropship.runtime.embedded.server import Server, StartFailed

MIB = 1 << 20
MAX_PAYLOAD_BYTES = 1 * MIB
LEAST_STORE_BYTES = 128 * MIB
LARGEST_STORE_BYTES = 256 << 30


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What a user may publish and subscribe to. Whatever is not allowed is refused by the server.

    `answers` lets it reply to a message it received, once within two minutes, whatever the subject.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool = False


@dataclass(frozen=True)
class User:
    """A NATS user. Without `rights` it may do everything."""

    name: str
    password: str = field(repr=False)
    rights: Rights | None = None

    def as_config(self) -> dict[str, Any]:
        """Its entry in the server's configuration."""
        entry: dict[str, Any] = {"user": self.name, "password": self.password}
        if self.rights is not None:
            entry["permissions"] = {
                "publish": {"allow": list(self.rights.publish)},
                "subscribe": {"allow": list(self.rights.subscribe)},
                **({"allow_responses": True} if self.rights.answers else {}),
            }
        return entry


class NatsServer(Server):
    """One NATS server with its own JetStream folder below `home`.

    Ports of 0 are chosen at the first start and kept. `store_bytes` bounds JetStream on disk; by
    default half of what is free now, so that the log never fills the disk it shares.
    """

    name = "nats"

    def __init__(
        self,
        home: Path,
        users: Sequence[User],
        *,
        port: int = 0,
        monitor_port: int = 0,
        server_name: str = "dropship",
        store_bytes: int | None = None,
    ) -> None:
        super().__init__(home)
        self.users = tuple(users)
        self.server_name = server_name
        self.store_bytes = store_bytes
        self._wanted = (port, monitor_port)
        self.port, self.monitor_port = port, monitor_port

    @property
    def url(self) -> str:
        """Where clients connect; it holds no credential."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        """The server's own HTTP answers: /healthz, /jsz, /varz."""
        return f"http://127.0.0.1:{self.monitor_port}"

    def prepare(self) -> Program:
        program = str(nats_server())
        self._choose_ports()
        config = self.home / "nats.conf"
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(config, json.dumps(self._config(), indent=1))
        except OSError as error:
            raise StartFailed(
                f"cannot write {self.home}: {error.strerror}; choose a folder that can be written"
            ) from error
        return Program(name=self.name, argv=(program, "-c", str(config)), cwd=self.home)

    def _choose_ports(self) -> None:
        chosen = iter(free_ports(2))
        self.port = self.port or next(chosen)
        self.monitor_port = self.monitor_port or next(chosen)

    def remove_elsewhere(self) -> None:
        pass

    def choose_other_ports(self) -> bool:
        self.port, self.monitor_port = self._wanted
        return 0 in self._wanted

    def _config(self) -> dict[str, Any]:
        return {
            "server_name": self.server_name,
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{self.monitor_port}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {
                "store_dir": str(self.home / "jetstream"),
                "max_memory_store": 256 * MIB,
                "max_file_store": self._store_bytes(),
                "sync_interval": "always",
            },
            "authorization": {
                # Against the loopback only; it keeps a forgotten client from connecting as nobody.
                "timeout": 5,
                "users": [user.as_config() for user in self.users],
            },
        }

    def _store_bytes(self) -> int:
        if self.store_bytes is not None:
            return self.store_bytes
        store = self.home / "jetstream"
        used = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
        half = (shutil.disk_usage(self.home).free + used) // 2
        if half < LEAST_STORE_BYTES:
            raise StartFailed(
                f"only {half * 2 // MIB} MiB are free for {self.home}, and the event log needs "
                f"{LEAST_STORE_BYTES * 2 // MIB} MiB: free some space or choose another folder"
            )
        return min(half, LARGEST_STORE_BYTES)

    async def probe(self) -> str | None:
        try:
            answer = await asyncio.wait_for(self._healthz(), timeout=2.0)
        except (OSError, TimeoutError) as error:
            return f"its monitor port does not answer ({type(error).__name__})"
        status = answer.split(b"\r\n", 1)[0].decode(errors="replace")
        return None if " 200 " in f"{status} " else f"/healthz answers {status!r}"

    async def _healthz(self) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.monitor_port)
        try:
            writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            await writer.drain()
            return await reader.read(4096)
        finally:
            writer.close()
