"""How a job stands after a fact: it only ever moves on.

The first terminal fact to reach the gateway wins. `JobCancelled` is the gateway's own decision and
is never said once it has heard an end, so wherever it stands in the log it came first: a fold of
the log and the gateway's own rows agree.
"""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.jobs import JobCancelled, JobStatus
from dropship.contracts.work import WorkFailed, WorkRetried, WorkStarted

Fact = WorkStarted | WorkRetried | WorkFailed | ImportCompleted | ImportFailed | JobCancelled


class Ending(Struct, frozen=True, kw_only=True):
    """How a job ended. `reason` is a word of a closed list, `detail` may explain it."""

    status: JobStatus
    at: datetime
    product_id: str | None = None
    reason: str | None = None
    detail: str = ""


class Progress(Struct, frozen=True, kw_only=True):
    """Where a job stands, apart from what it is."""

    started_at: datetime | None = None
    retries: int = 0
    next_retry_at: datetime | None = None
    ending: Ending | None = None

    @property
    def status(self) -> JobStatus:
        if self.ending is not None:
            return self.ending.status
        return JobStatus.PENDING if self.started_at is None else JobStatus.RUNNING


def evolve(progress: Progress, fact: Fact, at: datetime) -> Progress:
    """The progress after one more fact, said at `at`."""
    match fact:
        case WorkStarted():
            return _running(progress, at, retries=fact.attempt - 1, next_retry_at=None)
        case WorkRetried():
            return _running(progress, at, retries=fact.attempt, next_retry_at=fact.next_at)
        case WorkFailed() | ImportFailed() | ImportCompleted():
            return progress if progress.ending else _ended(progress, _ending(fact, at))
        case JobCancelled():
            if progress.status is JobStatus.CANCELLED:
                return progress
            return _ended(progress, Ending(status=JobStatus.CANCELLED, at=at, reason="cancelled"))
        case _:
            assert_never(fact)


def _ending(fact: WorkFailed | ImportFailed | ImportCompleted, at: datetime) -> Ending:
    match fact:
        case ImportCompleted():
            return Ending(status=JobStatus.SUCCESS, at=at, product_id=fact.product_id)
        case ImportFailed():
            return Ending(status=JobStatus.FAILED, at=at, reason=fact.reason, detail=fact.detail)
        case WorkFailed():
            return Ending(status=JobStatus.FAILED, at=at, reason=fact.reason)
        case _:
            assert_never(fact)


def _running(
    progress: Progress, at: datetime, *, retries: int, next_retry_at: datetime | None
) -> Progress:
    if progress.ending is not None or retries < progress.retries:
        return progress
    return replace(
        progress,
        started_at=progress.started_at or at,
        retries=retries,
        next_retry_at=next_retry_at,
    )


def _ended(progress: Progress, ending: Ending) -> Progress:
    return replace(progress, next_retry_at=None, ending=ending)


def reason_of(fact: Fact) -> str | None:
    """Why it happened, in the words that a job's timeline shows."""
    match fact:
        case WorkRetried() | WorkFailed():
            return fact.reason
        case ImportFailed():
            return f"{fact.reason}: {fact.detail}" if fact.detail else fact.reason
        case _:
            return None
