"""Imports, and the jobs that a user waits for. None of it needs another service to be alive."""

from dropship.contracts.jobs import Job
from dropship.gateway.domain.access import Scope
from dropship.gateway.domain.imports import Wish
from dropship.gateway.handlers.cancel_job import cancel_job
from dropship.gateway.handlers.request_import import request_import
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, Call, Endpoint
from dropship.gateway.http.problems import ProblemFound
from dropship.gateway.http.shapes import ImportWish, JobQueued, NoBody, NoQuery, Page
from dropship.gateway.queries.jobs import JobPage, job_of, jobs_of


async def _request_import(desk: Desk, call: Call[ImportWish, NoBody]) -> Answer:
    asked = call.query
    wish = Wish(
        asin=asked.asin or None,
        site=asked.site or None,
        supplier=asked.supplier or None,
        id=asked.id or None,
        variant=asked.variant or None,
    )
    job_id = await request_import(
        desk.database, wish, tenant=call.caller.tenant, user=call.caller.user, key=call.key
    )
    return Answer(JobQueued(job_id=job_id, status="queued"), {"location": f"/v1/jobs/{job_id}"})


async def _jobs(desk: Desk, call: Call[Page, NoBody]) -> Answer:
    page = call.query
    return Answer(
        await jobs_of(
            desk.database, call.caller.tenant, cursor=page.cursor or None, limit=page.limit
        )
    )


async def _job(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    job = await job_of(desk.database, call.caller.tenant, call.path["job_id"])
    if job is None:
        raise ProblemFound("not_found", "no such job")
    return Answer(job)


async def _cancel_job(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    await cancel_job(
        desk.database,
        call.path["job_id"],
        tenant=call.caller.tenant,
        user=call.caller.user,
        visitor=call.visitor,
    )
    return await _job(desk, call)


ROUTES = (
    Endpoint(
        "POST",
        "/v1/products/import",
        "requestImport",
        "Import a supplier's product: name it by asin, or by supplier and id",
        _request_import,
        scope=Scope.write,
        status=202,
        answer=JobQueued,
        query=ImportWish,
        keyed=True,
        located=True,
    ),
    Endpoint(
        "GET",
        "/v1/jobs",
        "listJobs",
        "Your jobs, newest first",
        _jobs,
        scope=Scope.read,
        answer=JobPage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/jobs/{job_id}",
        "showJob",
        "A job and its timeline",
        _job,
        scope=Scope.read,
        answer=Job,
    ),
    Endpoint(
        "POST",
        "/v1/jobs/{job_id}/cancel",
        "cancelJob",
        "Stop waiting for a job",
        _cancel_job,
        scope=Scope.write,
        answer=Job,
        problems=frozenset({"conflict"}),
    ),
)
