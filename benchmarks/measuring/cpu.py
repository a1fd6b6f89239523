"""CPU time of the programs of a stack: unlike durations, it hardly depends on who else is busy."""

import os
from pathlib import Path
from typing import Any

_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Fields of /proc/<pid>/stat, counted behind the name."""


def cpu_seconds(stack: dict[str, Any]) -> dict[str, float]:
    """Seconds of CPU that each program has used so far; empty where there is no /proc."""
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
    postgres = stack["postgres"]["pid"]
    backends = [pid for pid, parent in parents.items() if parent == postgres]
    programs = {"postgres": [postgres, *backends], "nats": [stack["nats"]["pid"]]}
    for name, replicas in stack["services"].items():
        programs[name] = [replica["pid"] for replica in replicas]
    programs["this"] = [os.getpid()]
    return {
        name: sum(spent.get(pid, 0.0) for pid in pids) for name, pids in programs.items() if spent
    }


def spent_between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What each program used in between, the busiest first."""
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    return dict(sorted(used.items(), key=lambda item: -item[1]))
