"""Many schedules with real processes, on one stack with two syncers, several sellers at a time.

just campaign 0 100            a hundred of these, and none of the pure ones
python -m integration.campaign --schedules 1 --first 17 --lanes 1
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter

from integration.campaign.lane import Lane, Lived, in_turns
from integration.campaign.plan import plan_of
from integration.campaign.trouble import Killer
from integration.running import Stack, new_home
from integration.supplier import Supplier

SETTINGS = {
    "CHECK_EVERY_S": "1",
    "CHECK_LISTINGS_EVERY_S": "5",
    "POLL_ORDERS_EVERY_S": "10",
    "FRESHNESS_LEASE_S": "45",
}
OPTIONS = ("--simulators", "--replicas", "syncer=2")
LANES = 8


@asynccontextmanager
async def opened(home: Path, lanes: int) -> AsyncIterator[tuple[list[Lane], Killer]]:
    """A stack, and sellers who are ready to list."""
    stack = await Stack.up(home, *OPTIONS, settings=SETTINGS)
    async with AsyncExitStack() as end:
        end.push_async_callback(stack.down)
        supplier = Supplier(stack.simulator)
        end.push_async_callback(supplier.close)
        await supplier.stand_still()
        log = await stack.nats()
        end.push_async_callback(log.close)
        killer = Killer(stack)
        ready: list[Lane] = []
        for number in range(lanes):
            lane = await Lane.opened(stack, supplier, log, killer, number)
            end.push_async_callback(lane.close)
            ready.append(lane)
        yield ready, killer


async def campaign(first: int, count: int, lanes: int) -> int:
    """All of them; the exit code."""
    lived: list[Lived] = []

    def done(one: Lived) -> None:
        lived.append(one)
        _say(str(one))

    with new_home(lambda logs: any(one.wrong for one in lived)) as home:
        async with opened(home, min(lanes, count)) as (ready, killer):
            began = perf_counter()
            await in_turns(ready, map(plan_of, range(first, first + count)), done)
            took_s = perf_counter() - began
    failures = sum(len(one.wrong) for one in lived)
    if failures:
        _say(f"logs are kept in {home / 'logs'}")
    _say(
        f"{count} schedules from seed {first}, {sum(one.writes for one in lived)} writes,"
        f" {sum(one.unanswered for one in lived)} of them never answered,"
        f" killed: {dict(killer.struck)}, {failures} failures; {took_s:.0f} s"
    )
    return 1 if failures else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--lanes", type=int, default=LANES, help="schedules at the same time")
    wanted = parser.parse_args()
    return asyncio.run(campaign(wanted.first, wanted.schedules, wanted.lanes))


if __name__ == "__main__":
    raise SystemExit(main())
