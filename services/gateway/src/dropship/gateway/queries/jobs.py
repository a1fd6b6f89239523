"""A tenant's jobs, as their owner knows them: read from the rows that the request wrote."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.jobs import Job, JobResult, JobStatus, JobStep
from dropship.runtime.database import Database
from dropship.runtime.paging import cut, read_cursor

_PAGE = (
    "SELECT id, kind, status, created_at, completed_at, result, error FROM jobs"
    " WHERE tenant_id = %s AND (created_at, id) < (%s, %s)"
    " ORDER BY created_at DESC, id DESC LIMIT %s"
)


class JobEntry(Struct, frozen=True, kw_only=True):
    """One job in a list; its timeline is told by the job itself."""

    id: str
    job_id: str
    kind: str
    status: JobStatus
    created_at: datetime
    completed_at: datetime | None
    result: JobResult | None
    error: str | None


class JobPage(Struct, frozen=True, kw_only=True):
    items: list[JobEntry]
    next_cursor: str | None


async def job_of(database: Database, tenant: str, job_id: str) -> Job | None:
    """One job with its timeline, or None when it is unknown or another tenant's."""
    try:
        key = UUID(job_id)
    except ValueError:
        return None
    rows = await database.fetch_all(
        "SELECT j.id, j.kind, j.status, j.created_at, j.completed_at, j.result, j.error,"
        " s.at, s.what, s.by, s.reason, s.next_at"
        " FROM jobs j LEFT JOIN job_steps s ON s.job_id = j.id"
        " WHERE j.id = %s AND j.tenant_id = %s ORDER BY s.at, s.step",
        (key, UUID(tenant)),
    )
    if not rows:
        return None
    identity, kind, status, created_at, completed_at, result, error = rows[0][:7]
    return Job(
        job_id=str(identity),
        kind=kind,
        status=JobStatus(status),
        created_at=created_at,
        completed_at=completed_at,
        result=_result(result),
        error=error,
        timeline=[_step(row[7:]) for row in rows if row[7] is not None],
    )


async def jobs_of(database: Database, tenant: str, *, cursor: str | None, limit: int) -> JobPage:
    """A page of a tenant's jobs, newest first. Raises Refused for a cursor that is none of ours."""
    before = read_cursor(cursor)
    rows = await database.fetch_all(_PAGE, (UUID(tenant), *before, limit + 1))
    shown, next_cursor = cut(rows, limit, at=3, id_=0)
    return JobPage(items=[_entry(row) for row in shown], next_cursor=next_cursor)


def _entry(row: tuple[Any, ...]) -> JobEntry:
    identity, kind, status, created_at, completed_at, result, error = row
    return JobEntry(
        id=str(identity),
        job_id=str(identity),
        kind=kind,
        status=JobStatus(status),
        created_at=created_at,
        completed_at=completed_at,
        result=_result(result),
        error=error,
    )


def _result(stored: Any) -> JobResult | None:
    return None if stored is None else msgspec.convert(stored, JobResult)


def _step(row: tuple[Any, ...]) -> JobStep:
    at, what, by, reason, next_at = row
    return JobStep(at=at, what=what, by=by, reason=reason, next_at=next_at)
