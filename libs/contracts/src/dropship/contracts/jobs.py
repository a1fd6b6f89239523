"""Owner: gateway. A job is what a user waits for; the doers only say facts about the work."""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event
from dropship.contracts.moments import Moment


class JobStatus(StrEnum):
    """Where a job stands. The last three are terminal, and the first of them to arrive wins."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class JobCancelled(Event, frozen=True, kw_only=True):
    """The user no longer waits. Doers look for it before an outside call, never during one."""

    owner: ClassVar[str] = "gateway"
    job_id: Id


class JobResult(Struct, frozen=True, kw_only=True):
    """What a job brought. Absent until it succeeds."""

    product_id: Id | None = None


class JobStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a job's timeline: what happened, when (UTC), said by whom, and why if told."""

    at: Moment
    what: str
    by: str
    reason: str | None = None
    next_at: Moment | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A job as its owner sees it."""

    job_id: Id
    kind: str
    status: JobStatus
    created_at: Moment
    completed_at: Moment | None
    result: JobResult | None
    error: str | None
    timeline: list[JobStep]
