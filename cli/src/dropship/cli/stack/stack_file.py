"""``stack.json``: where a running stack is, for people, tests and this command line.

Its shape is a promise to others and changes only by addition.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import ADMIN
from dropship.cli.stack.plan import DATABASE, SIMULATOR, Plan
from dropship.cli.supervision.kept import Kept
from dropship.runtime.embedded import write_private


class Gateway(msgspec.Struct, frozen=True):
    url: str


class Nats(msgspec.Struct, frozen=True):
    url: str
    monitor_url: str
    user: str
    password: str
    pid: int


class Postgres(msgspec.Struct, frozen=True):
    dsn: str
    pid: int


class Instance(msgspec.Struct, frozen=True):
    pid: int
    health_url: str
    metrics_url: str


class Simulator(msgspec.Struct, frozen=True):
    url: str


class Stack(msgspec.Struct, frozen=True):
    """A running stack. While a program is being restarted, its old pid still stands here."""

    gateway: Gateway
    nats: Nats
    postgres: Postgres
    services: dict[str, list[Instance]]
    simulators: dict[str, Simulator]


@dataclass(frozen=True)
class Standing:
    """How a program stands, for ``dropship status``."""

    name: str
    state: str
    pid: int | None
    restarts: int
    last_end: str


def describe(plan: Plan, kept: Sequence[Kept]) -> Stack | None:
    """The stack as it is now, or None while one of its programs is being restarted."""
    pids = {one.part.name: one.pid for one in kept if one.pid is not None}
    needed = {plan.nats.name, plan.postgres.name, *(replica.name for replica in plan.replicas)}
    if not needed <= pids.keys():
        return None
    services: dict[str, list[Instance]] = {}
    for replica in plan.replicas:
        services.setdefault(replica.service, []).append(
            Instance(
                pids[replica.name],
                f"{replica.address}/health/ready",
                f"{replica.address}/metrics",
            )
        )
    simulators = {SIMULATOR: Simulator(plan.simulator_url)} if plan.wish.simulators else {}
    return Stack(
        gateway=Gateway(plan.gateway_url),
        nats=Nats(
            plan.nats.url,
            plan.nats.monitor_url,
            ADMIN,
            plan.secrets.password(f"nats/{ADMIN}"),
            pids[plan.nats.name],
        ),
        postgres=Postgres(plan.postgres.dsn(DATABASE), pids[plan.postgres.name]),
        services=services,
        simulators=simulators,
    )


def write(home: Home, stack: Stack) -> None:
    """Replace the file in one step, readable by its owner only."""
    text = msgspec.json.format(msgspec.json.encode(stack), indent=1).decode()
    write_private(home.stack_file, f"{text}\n")


def read(home: Home) -> Stack:
    """The running stack. Raises Fault when there is none."""
    if home.holder() is None:
        raise home.not_running()
    try:
        return msgspec.json.decode(home.stack_file.read_bytes(), type=Stack)
    except FileNotFoundError:
        raise home.not_running() from None


def write_standings(home: Home, kept: Sequence[Kept]) -> None:
    standings: list[dict[str, Any]] = [
        {
            "name": one.part.name,
            "state": one.state,
            "pid": one.pid,
            "restarts": one.restarts,
            "last_end": one.last_end,
        }
        for one in kept
    ]
    write_private(home.programs_file, json.dumps(standings))


def read_standings(home: Home) -> list[Standing]:
    """How the programs stand; empty when nothing was started."""
    try:
        return [Standing(**fields) for fields in json.loads(home.programs_file.read_bytes())]
    except FileNotFoundError:
        return []
