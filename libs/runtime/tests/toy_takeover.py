"""Who took over how fast, read from what the processes logged."""

from statistics import median
from typing import Any

RELAY, HEARING, PROCESS = "relay_epoch", "hearing", "working"


def takeovers(log: list[dict[str, Any]]) -> str:
    """For each stroke the next sign of life of what it hit, and a summary."""
    strokes = [entry for entry in log if entry["event"] == "failpoint_fired"]
    lines, times = [], []
    for stroke in strokes:
        part = str(stroke["failpoint"]).split(".", 1)[0]
        after = _next(log, stroke, {"relay": RELAY, "hearing": HEARING}.get(part, PROCESS))
        if stroke["action"] == "kill" and after is not None:
            times.append(after["at"] - stroke["at"])
        took = f"{after['at'] - stroke['at']:5.2f} s, {after['replica']}" if after else "went on"
        lines.append(f"  {stroke['failpoint']:26} struck {stroke['replica']}: {took}")
    if times:
        lines.append(f"  after kill -9: median {median(times):.2f} s, worst {max(times):.2f} s")
    return "\n".join(lines)


def _next(
    log: list[dict[str, Any]], stroke: dict[str, Any], event: str
) -> dict[str, Any] | None:
    if stroke["action"] != "kill":
        return None
    found = (e for e in log if e["event"] == event and e["at"] > stroke["at"])
    if event == PROCESS:
        found = (e for e in found if e["replica"] == stroke["replica"])
    return next(found, None)
