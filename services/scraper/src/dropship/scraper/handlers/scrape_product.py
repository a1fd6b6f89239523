"""Look at one product: wait for its turn, fetch once, read, tell.

Pace, cool-down and repetition live here, so that no plugin can forget them.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from dropship.contracts.ids import plugin_of
from dropship.contracts.offers import Evidence, FailureReason, ScrapeProduct
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.errors import Retry
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import ATTEMPTS, Outcome, Task
from dropship.scraper.adapters.port import Supplier, Unreached
from dropship.scraper.domain.pacing import REST_S, backoff_s, retry_after_s
from dropship.scraper.domain.reading import (
    BLOCKS,
    PASSING,
    REASONS,
    Look,
    NoReading,
    Page,
    Reading,
)
from dropship.scraper.handlers import pace
from dropship.scraper.handlers.told import failed, nothing, observed, say_failed

FAILURES_MAX = 3
PATIENCE_S = 2.0
"""A turn that comes this soon is waited for in place; a later one goes back into the queue."""

_log = get_logger()
FindLook = Callable[[ScrapeProduct], Awaitable[Look]]


@dataclass(frozen=True)
class Looking:
    """The doer of `ScrapeProduct`. `dice` gives the share of a back-off to wait, 0 to 1."""

    database: Database
    clock: Clock
    suppliers: Mapping[str, Supplier]
    find_look: FindLook
    threads: Executor
    dice: Callable[[], float]
    first_rest_s: float = REST_S

    async def scrape_product(self, task: Task[ScrapeProduct]) -> Outcome:
        """One look. Raises Retry while the world is ill and it may still pass."""
        command = task.command
        if command.not_after is not None and task.at > command.not_after:
            return failed(task, FailureReason.too_late) if command.job_id else nothing
        if command.job_id is not None and await self._is_cancelled(command.job_id):
            return nothing
        supplier = self.suppliers.get(plugin_of(command.source))
        if supplier is None:
            return failed(task, FailureReason.supplier_unknown)
        refused = await self._wait_for_turn(task, supplier)
        if refused is not None:
            return refused
        try:
            look = await self.find_look(command)
            page = await supplier.fetch(look)
        except Unreached as error:
            return await self._unreached(task, error)
        return await self._read(task, supplier, page, look)

    async def give_up(self, task: Task[ScrapeProduct], tx: Transaction, reason: str) -> None:
        """The command is parked: whoever waits for this look must still hear how it ended."""
        known = reason in FailureReason.__members__
        say_failed(
            task,
            tx,
            FailureReason(reason) if known else FailureReason.server_error,
            "" if known else reason,
        )

    async def _is_cancelled(self, job_id: str) -> bool:
        row = await self.database.fetch_one(
            "SELECT 1 FROM cancelled_jobs WHERE job_id = %s", (job_id,)
        )
        return row is not None

    async def _wait_for_turn(self, task: Task[ScrapeProduct], supplier: Supplier) -> Outcome | None:
        """Come back when it is this look's turn; an outcome where that would be too often."""
        source = task.command.source
        if task.attempt > 1 and await self._has_turn(task):
            suspended_s = await pace.suspension_s(self.database, source)
            turn = pace.Turn(0.0, suspended_s)
        else:
            turn = await pace.take_turn(self.database, source, supplier.terms.looks_per_minute)
        if turn.suspended_s is not None:
            wait_s = turn.suspended_s + self.dice() * min(turn.suspended_s, 10.0)
            return self._later(task, wait_s, "supplier_suspended", FailureReason.rate_limited)
        if turn.wait_s <= PATIENCE_S:
            await self.clock.sleep(turn.wait_s)
            return None
        await self.database.fetch_one(
            "INSERT INTO waits (command_id, slot_at) VALUES (%s, now() + %s)"
            " ON CONFLICT (command_id) DO UPDATE SET slot_at = excluded.slot_at RETURNING 1",
            (task.command_id, timedelta(seconds=turn.wait_s)),
        )
        return self._later(task, turn.wait_s, "supplier_budget", FailureReason.rate_limited)

    async def _has_turn(self, task: Task[ScrapeProduct]) -> bool:
        """Whether this look was given a turn before, which it now uses up."""
        row = await self.database.fetch_one(
            "UPDATE waits SET slot_at = NULL WHERE command_id = %s AND slot_at IS NOT NULL"
            " RETURNING 1",
            (task.command_id,),
        )
        return row is not None

    async def _read(
        self, task: Task[ScrapeProduct], supplier: Supplier, page: Page, look: Look
    ) -> Outcome:
        loop = asyncio.get_running_loop()
        digest, reading = await loop.run_in_executor(self.threads, _read, supplier, page, look)
        if isinstance(reading, NoReading):
            return await self._no_reading(task, page, reading)
        if not reading.is_conclusive:
            _log.warning("layout_unknown", source=look.source, method=reading.method)
            detail = f"no certain offer ({reading.availability})"
            return failed(task, FailureReason.unknown_layout, detail, answers=True)
        evidence = Evidence(
            method=reading.method, parser=supplier.terms.parser, content_sha256=digest
        )
        return observed(task, reading, evidence)

    async def _no_reading(
        self, task: Task[ScrapeProduct], page: Page, reading: NoReading
    ) -> Outcome:
        reason = REASONS[reading.kind]
        wished_s = retry_after_s(page.headers.get("retry-after"), task.at)
        rest_s: float | None = None
        if reading.kind in BLOCKS:
            async with self.database.transaction(task.envelope) as tx:
                rest_s = await pace.blocked(
                    tx, task.command.source, reading.kind, wished_s, self.first_rest_s
                )
        if reading.kind not in PASSING:
            return failed(task, reason, reading.detail, answers=True)
        return await self._again(task, reason, reading.detail, rest_s or wished_s)

    async def _unreached(self, task: Task[ScrapeProduct], error: Unreached) -> Outcome:
        if not error.is_passing:
            return failed(task, error.reason, error.detail)
        return await self._again(task, error.reason, error.detail, None)

    async def _again(
        self,
        task: Task[ScrapeProduct],
        reason: FailureReason,
        detail: str,
        at_least_s: float | None,
    ) -> Outcome:
        """Another try, unless there were enough of them."""
        ((failures,),) = await self.database.fetch_all(
            "INSERT INTO waits AS w (command_id, failures) VALUES (%s, 1)"
            " ON CONFLICT (command_id) DO UPDATE SET failures = w.failures + 1 RETURNING failures",
            (task.command_id,),
        )
        _log.info("look_failed", source=task.command.source, reason=reason, failures=failures)
        if failures >= FAILURES_MAX:
            return failed(task, reason, detail)
        wait_s = backoff_s(failures, self.dice())
        return self._later(task, max(wait_s, min(at_least_s or 0, 3600)), reason, reason)

    def _later(
        self, task: Task[ScrapeProduct], after_s: float, why: str, reason: FailureReason
    ) -> Outcome:
        """Back into the queue; its last attempt ends as a fact instead of a dead letter."""
        if task.attempt >= ATTEMPTS:
            return failed(task, reason, why)
        raise Retry(after_s, why)


def _read(supplier: Supplier, page: Page, look: Look) -> tuple[str, Reading | NoReading]:
    return hashlib.sha256(page.body).hexdigest(), supplier.read(page, look)
