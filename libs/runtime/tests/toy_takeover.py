"""Who took over how fast, read from what the processes logged."""

from statistics import median
from typing import Any

RELAY, HEARING, PROCESS = "relay_epoch", "hearing", "working"


def takeovers(log: list[dict[str, Any]], rested: list[float]) -> str:
    """For each stroke the next sign of life of what it hit, and a summary."""
    strokes = [entry for entry in log if entry["event"] == "failpoint_fired"]
    lines, times = [], []
    if rested:
        lines.append(f"  at rest again: median {median(rested):.2f} s, worst {max(rested):.2f} s")
    for stroke in (s for s in strokes if s["action"] == "kill"):
        part = str(stroke["failpoint"]).split(".", 1)[0]
        after = _next(log, stroke, {"relay": RELAY, "hearing": HEARING}.get(part, PROCESS))
        if after is not None:
            times.append(after["at"] - stroke["at"])
        took = f"{after['at'] - stroke['at']:5.2f} s, {after['replica']}" if after else "by another"
        lines.append(f"  {stroke['failpoint']:26} struck {stroke['replica']}: {took}")
    if times:
        lines.append(f"  after kill -9: median {median(times):.2f} s, worst {max(times):.2f} s")
    return "\n".join(lines)


def _next(log: list[dict[str, Any]], stroke: dict[str, Any], event: str) -> dict[str, Any] | None:
    found = (e for e in log if e["event"] == event and e["at"] > stroke["at"])
    if event == PROCESS:
        found = (e for e in found if e["replica"] == stroke["replica"])
    return next(found, None)
