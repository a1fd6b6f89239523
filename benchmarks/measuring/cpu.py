"""CPU time of the programs of a stack: unlike durations, it hardly depends on who else is busy."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Fields of /proc/<pid>/stat, counted behind the name."""
_IDLE, _WAITING = 3, 4
"""Fields of the first line of /proc/stat, counted behind its name."""


def cpu_seconds(stack: dict[str, Any], also: Mapping[str, int]) -> dict[str, float]:
    """Seconds of CPU that each program has used so far; empty where there is no /proc.

    `also` are pids of more programs; children count to their parents.
    """
    spent: dict[int, float] = {}
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(file.parent.name)
        parents[pid] = int(fields[_PARENT])
        spent[pid] = (int(fields[_USER]) + int(fields[_SYSTEM])) * _TICKS_S
    programs = {"postgres": {stack["postgres"]["pid"]}, "nats": {stack["nats"]["pid"]}}
    for name, replicas in stack["services"].items():
        programs[name] = {replica["pid"] for replica in replicas}
    programs |= {name: {pid} for name, pid in also.items()}
    used = {
        name: sum(s for pid, s in spent.items() if pid in pids or parents[pid] in pids)
        for name, pids in programs.items()
    }
    return {**used, "this": spent[os.getpid()]} if spent else {}


def machine_seconds() -> tuple[float, float]:
    """Seconds of CPU that this whole machine has been busy, and could have been, so far."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
    except OSError:
        return 0.0, 0.0
    return (sum(fields) - fields[_IDLE] - fields[_WAITING]) * _TICKS_S, sum(fields) * _TICKS_S


class Meter:
    """What the programs of a stack, and everybody else, use between two moments."""

    def __init__(self, stack: dict[str, Any], also: Mapping[str, int] | None = None) -> None:
        self._stack, self._also = stack, also or {}
        self._programs = cpu_seconds(stack, self._also)
        self._busy, self._all = machine_seconds()

    def read(self) -> tuple[dict[str, float], float]:
        """Seconds by program, the busiest first, and the share of the machine others have used."""
        busy, all_ = machine_seconds()
        used = spent_between(self._programs, cpu_seconds(self._stack, self._also))
        others = busy - self._busy - sum(used.values())
        return used, max(others, 0.0) / max(all_ - self._all, _TICKS_S)


def spent_between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What each program used in between, the busiest first."""
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    return dict(sorted(used.items(), key=lambda item: -item[1]))
