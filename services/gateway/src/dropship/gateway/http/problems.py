"""What a caller is told when something is wrong: RFC 9457 problem details, the same everywhere.

HTTP status codes live here and in the route declarations, nowhere else in the product. A problem
never repeats what was sent and never tells how we are built.
"""

import math
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any, Literal

from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct
from psycopg import InterfaceError, OperationalError

from dropship.contracts.tenants import QUOTAS, Tier
from dropship.gateway.domain.imports import Mistaken, NobodyRegistered
from dropship.gateway.handlers.sessions import NotSignedIn
from dropship.runtime.errors import NoAnswer, Refused, Retry
from dropship.runtime.telemetry import get_logger
from dropship.runtime.telemetry.traces import current_traceparent

MEDIA_TYPE = "application/problem+json"
TYPES = "https://dropship.central/problems/"

log = get_logger()


class FieldError(Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field of the request, and what to write instead."""

    field: str
    detail: str
    fix: str | None = None


QuotaName = Literal["stores", "listings", "policies", "api_keys"]
_ROOM: Mapping[QuotaName, tuple[str, str]] = {
    "stores": ("stores", "disconnect one"),
    "listings": ("listings", "end one"),
    "policies": ("policies", "retire one"),
    "api_keys": ("API keys", "revoke one"),
}


class QuotaReached(Struct, frozen=True):
    """Which quota is used up, and how much of it the tenant's tier has."""

    name: QuotaName
    limit: int
    tier: Tier


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details. `type` names the kind, `errors` the fields at fault."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[FieldError, ...] = ()
    quota: QuotaReached | None = None
    trace_id: str | None = None


KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "unauthenticated": (401, "Show who you are"),
    "forbidden": (403, "Not yours to do"),
    "quota": (403, "There is no room for another"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "This address does not do that"),
    "timeout": (408, "The request took too long to arrive"),
    "conflict": (409, "It is not in a state for that"),
    "too_large": (413, "The request is too large"),
    "unsupported_media_type": (415, "Send JSON"),
    "invalid": (422, "Some of it is not right"),
    "key_reused": (422, "The Idempotency-Key stands for another request"),
    "limit": (429, "Too many requests"),
    "internal": (500, "We failed"),
    "unavailable": (503, "Not now"),
}
_BY_STATUS = {status: kind for kind, (status, _) in reversed(KINDS.items())}


class ProblemFound(Exception):
    """Ends a request with a problem of one of `KINDS`."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        quota: QuotaReached | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.quota = quota


def unauthenticated(detail: str, error: str = "") -> ProblemFound:
    """A 401 with the challenge that RFC 6750 asks for."""
    challenge = f'Bearer realm="dropship"{f", error={error!r}" if error else ""}'.replace("'", '"')
    return ProblemFound("unauthenticated", detail, headers={"www-authenticate": challenge})


def unavailable(detail: str, after_s: float) -> ProblemFound:
    """A 503 that says when to come back."""
    return ProblemFound("unavailable", detail, headers=_retry_after(after_s))


def quota_reached(name: QuotaName, tier: Tier) -> ProblemFound:
    """The 403 for one more than the tenant's tier has room for."""
    things, fix = _ROOM[name]
    limit: int = getattr(QUOTAS[tier], name)
    detail = f"your tier, {tier}, has room for {limit} {things}: {fix}, or take a larger tier"
    return ProblemFound("quota", detail, quota=QuotaReached(name, limit, tier))


@singledispatch
def found_in(error: Exception) -> ProblemFound:
    """The problem that an exception is to the caller; an unforeseen one is a plain 500."""
    return ProblemFound("internal", "the failure is noted under this trace id")


@found_in.register
def _(found: ProblemFound) -> ProblemFound:
    return found


@found_in.register
def _(refused: Refused) -> ProblemFound:
    detail = refused.detail or refused.reason
    fields = [FieldError(refused.field, detail)] if refused.field else []
    return ProblemFound("quota" if refused.kind == "limit" else refused.kind, detail, fields)


@found_in.register
def _(mistaken: Mistaken) -> ProblemFound:
    fields = [FieldError(m.field, m.detail, m.fix) for m in mistaken.mistakes]
    return ProblemFound("invalid", str(mistaken), fields)


@found_in.register
def _(_early: NobodyRegistered) -> ProblemFound:
    return unavailable("no supplier has registered with the gateway yet", 2)


@found_in.register
def _(refused: NotSignedIn) -> ProblemFound:
    if refused.reason == "wrong_credentials":
        return unauthenticated("e-mail or password is wrong")
    return unauthenticated("this refresh token is not good (any more): log in", "invalid_token")


@found_in.register
def _(silence: NoAnswer) -> ProblemFound:
    return unavailable(f"{silence.owner} does not answer now", silence.retry_after_s)


@found_in.register
def _(again: Retry) -> ProblemFound:
    return unavailable("too busy now", again.after_s)


@found_in.register(OperationalError)
@found_in.register(InterfaceError)
def _(_ill: Exception) -> ProblemFound:
    return unavailable("the gateway's own memory does not answer now", 2)


@found_in.register
def _(error: HTTPException) -> ProblemFound:
    kind = _BY_STATUS.get(error.status_code, "malformed" if error.status_code < 500 else "internal")
    details = {
        "not_found": "nothing lives at this address",
        "method_not_allowed": "this address exists, but not for this method",
        "too_large": "the body is larger than this gateway reads",
    }
    allowed = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
    return ProblemFound(kind, details.get(kind, KINDS[kind][1].lower()), headers=allowed)


def _retry_after(after_s: float) -> dict[str, str]:
    return {"retry-after": str(max(1, math.ceil(after_s)))}


def trace_id() -> str | None:
    """The trace that this request belongs to, as support will ask for it."""
    traceparent = current_traceparent()
    return traceparent[3:35] if traceparent else None


def problem_at(found: ProblemFound, path: str) -> Problem:
    """The body of the answer. `instance` is the path alone: a query may hold what is private."""
    status, title = KINDS[found.kind]
    return Problem(
        type=f"{TYPES}{found.kind.replace('_', '-')}",
        title=title,
        status=status,
        detail=found.detail,
        instance=path,
        errors=found.errors,
        quota=found.quota,
        trace_id=trace_id(),
    )


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Litestar's handler for every exception."""
    found = found_in(error)
    if found.kind == "internal":
        log.error("request_failed", error=type(error).__name__, exc_info=error)
    problem = problem_at(found, request.scope["path"])
    return Response(
        content=problem,
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=found.headers,
    )
