"""What one schedule with real processes does, drawn from its seed: faults, moves, wishes, kills."""

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

PRODUCTS = 3
COST_CENTS = 2000
Kind = Literal["price", "stock", "pause", "resume", "end", "list", "buy", "repeat", "kill"]
KINDS: tuple[Kind, ...] = (
    *("price",) * 5,
    *("stock",) * 3,
    *("pause", "resume", "end", "list"),
    *("buy",) * 2,
    *("repeat",) * 3,
)
VICTIMS = ("syncer/0", "syncer/1", "policy/0")
LOST = 0.15


@dataclass(frozen=True)
class Act:
    """One thing that happens. `which` is the number of a product; `value` depends on the kind.

    `after_calls` is how many calls to the shop are waited for before it, as far as they come.
    """

    kind: Kind
    which: int
    value: str
    after_calls: int


@dataclass(frozen=True)
class Plan:
    """A schedule. `faults` are orders to the simulated shop."""

    seed: int
    faults: tuple[dict[str, Any], ...]
    acts: tuple[Act, ...]


def plan_of(seed: int) -> Plan:
    """The same for the same seed."""
    chance = Random(seed)  # noqa: S311 - a plan, no secret
    kinds = [chance.choice(KINDS) for _ in range(chance.randint(8, 18))]
    if chance.random() < 0.4:
        kinds.insert(chance.randrange(len(kinds)), "kill")
    return Plan(seed, _faults(chance), tuple(_act(chance, kind) for kind in kinds))


def _act(chance: Random, kind: Kind) -> Act:
    value = ""
    if kind == "price":
        cents = int(COST_CENTS * chance.choice((0.001, 0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.5)))
        value = f"{max(cents, 1) / 100:.2f}"
    elif kind == "stock":
        value = str(chance.choice((0, 0, 2, 40)))
    elif kind == "kill":
        value = chance.choice(VICTIMS)
    return Act(kind, chance.randrange(PRODUCTS), value, chance.randrange(4))


def _faults(chance: Random) -> tuple[dict[str, Any], ...]:
    """Some of what a marketplace does wrong, each at its own rate."""
    all_of_them: tuple[dict[str, Any], ...] = (
        {"mode": "drop_after_commit", "probability": LOST},
        {"mode": "drop_before", "probability": 0.08},
        {"mode": "500_after_commit", "probability": 0.1},
        {"mode": "503", "probability": 0.1},
        {"mode": "429", "probability": 0.15, "retry_after_s": 1},
        {"mode": "throttled", "probability": 0.2},
        {"mode": "throttled", "count": chance.randint(3, 12)},
        {"mode": "slow", "probability": 0.2, "delay_s": 1.5},
        {"mode": "malformed", "probability": 0.05},
        {"mode": "revoke_token", "probability": 0.03},
        {"mode": "read_lag", "probability": 0.5, "delay_s": 1.5},
    )
    drawn = [fault for fault in all_of_them if chance.random() < 0.4]
    chance.shuffle(drawn)
    return tuple(drawn)
