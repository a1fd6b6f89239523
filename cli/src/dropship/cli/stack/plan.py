"""Which programs one machine runs, in which order, and what each of them is told."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dropship.cli.loopback import why_not_ready
from dropship.cli.settings import inherited, password_variable
from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import ADMIN, SERVICES, users
from dropship.cli.stack.secret_keys import Secrets
from dropship.cli.supervision.part import Part
from dropship.cli.supervision.supervisor import Stage
from dropship.runtime.embedded import NatsServer, PostgresServer, Program, Server, free_ports

SIMULATOR = "supplier"
MIGRATE = "migrate"
DATABASE = "dropship"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked of a stack. `settings` are more ``DROPSHIP_…`` variables for all services.

    The simulated shop holds everything to the descriptions in `specs`, and writes every exchange
    into `record`.

    Of a `throwaway` one nothing shall be left, so it keeps nothing where things last.
    """

    gateway_port: int
    simulators: bool = False
    pages: Path | None = None
    specs: Path | None = None
    record: Path | None = None
    seed: int = 7
    replicas: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    throwaway: bool = False


@dataclass(frozen=True)
class Replica:
    """One process of a service."""

    service: str
    name: str
    health_port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.health_port}"


class Plan:
    """The stack of one home folder. Ports and passwords are fixed for its whole life."""

    def __init__(self, home: Home, wish: Wish) -> None:
        self.home, self.wish = home, wish
        self.secrets = Secrets(home)
        names = [
            (service, service if number == 1 else f"{service}-{number}")
            for service in SERVICES
            for number in range(1, wish.replicas.get(service, 1) + 1)
        ]
        self._simulator_port, postgres, nats, monitor, *health = free_ports(4 + len(names))
        self.replicas = [
            Replica(service, name, port)
            for (service, name), port in zip(names, health, strict=True)
        ]
        passwords = {name: self.secrets.password(f"nats/{name}") for name in (ADMIN, *SERVICES)}
        self.nats = NatsServer(home.nats, users(passwords), port=nats, monitor_port=monitor)
        self.postgres = PostgresServer(home.postgres, port=postgres, durable=not wish.throwaway)
        for service in SERVICES:
            self.secrets.password(f"postgres/{service}")
            self.secrets.key(f"seal/{service}")
        self.secrets.key("token/gateway")
        self.secrets.save()

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.wish.gateway_port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self._simulator_port}"

    def stages(self) -> list[Stage]:
        """In the order of starting."""
        stages = [
            Stage("NATS and PostgreSQL", tuple(map(_server_part, (self.postgres, self.nats)))),
            Stage("migrations", (Part(name=MIGRATE, prepare=self._migrate, once=True),)),
            Stage("services", tuple(map(self._service_part, self.replicas))),
        ]
        if self.wish.simulators:
            stages.insert(2, Stage("simulators", (self._simulator_part(),)))
        return stages

    def _migrate(self) -> Program:
        env = inherited() | {
            "DROPSHIP_DATABASE_URL": self.postgres.dsn(DATABASE),
            "DROPSHIP_NATS_URL": self.nats.url,
            "DROPSHIP_NATS_USER": ADMIN,
            "DROPSHIP_NATS_PASSWORD": self.secrets.password(f"nats/{ADMIN}"),
        }
        env |= {
            password_variable(service): self.secrets.password(f"postgres/{service}")
            for service in SERVICES
        }
        return Program(name=MIGRATE, argv=_module("dropship.cli", MIGRATE), env=env)

    def _simulator_part(self) -> Part:
        folders = {"pages": self.wish.pages, "specs": self.wish.specs, "record": self.wish.record}
        given = [f"--{name}={path}" for name, path in folders.items() if path is not None]
        argv = _module(
            "dropship.simulators",
            f"--port={self._simulator_port}",
            f"--seed={self.wish.seed}",
            *given,
        )

        async def probe() -> str | None:
            return await why_not_ready(f"{self.simulator_url}/health")

        program = Program(name=SIMULATOR, argv=argv, env=inherited())
        return Part(name=SIMULATOR, prepare=lambda: program, probe=probe, stop_timeout_s=5.0)

    def _service_part(self, replica: Replica) -> Part:
        async def probe() -> str | None:
            return await why_not_ready(f"{replica.address}/health/ready")

        def prepare() -> Program:
            return Program(
                name=replica.name,
                argv=_module(f"dropship.{replica.service}"),
                env=self._environment(replica),
            )

        return Part(name=replica.name, prepare=prepare, probe=probe)

    def _environment(self, replica: Replica) -> dict[str, str]:
        service = replica.service
        told = {
            "DATABASE_URL": self.postgres.dsn(
                DATABASE, f"{service}_app", self.secrets.password(f"postgres/{service}")
            ),
            "NATS_URL": self.nats.url,
            "NATS_USER": service,
            "NATS_PASSWORD": self.secrets.password(f"nats/{service}"),
            "REPLICA": replica.name,
            "HOST": "127.0.0.1",
            "HEALTH_PORT": str(replica.health_port),
            "LOG_FORMAT": "json",
            "SEAL_KEY": self.secrets.key(f"seal/{service}"),
        }
        if service == "gateway":
            told |= {
                "PORT": str(self.wish.gateway_port),
                "TOKEN_KEY": self.secrets.key("token/gateway"),
            }
        if self.wish.simulators:
            told |= self._development(service)
        return (
            inherited()
            | {f"DROPSHIP_{name}": value for name, value in told.items()}
            | dict(self.wish.settings)
        )

    def _development(self, service: str) -> dict[str, str]:
        """Loopback suppliers and shops are allowed only where they are simulated."""
        told = {"DEVELOPMENT": "true"}
        if service == "scraper":
            told["AMAZON_BASE_URL"] = f"{self.simulator_url}/amazon/{{site}}"
            told["FEED_DEFAULT_URL"] = f"{self.simulator_url}/feed/products.csv"
        if service == "syncer":
            told["SHOPIFY_BASE_URL"] = f"{self.simulator_url}/shopify/{{shop}}"
        return told


def _server_part(server: Server) -> Part:
    return Part(name=server.name, prepare=server.prepare, probe=server.probe, stop_timeout_s=20.0)


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
