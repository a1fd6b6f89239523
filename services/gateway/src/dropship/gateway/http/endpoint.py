"""One declaration per route: it reads the request, guards it, and is what the OpenAPI is made of.

Litestar routes and answers. Reading is our own, because a caller must be told every mistake with
its field and fix, and because the same declaration then tells the truth in the OpenAPI document.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec
from litestar import Request, Response
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from dropship.gateway.domain.access import Scope
from dropship.gateway.domain.api_keys import PREFIX
from dropship.gateway.handlers.visits import Visitor
from dropship.gateway.http.callers import Caller
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.limits import Allowance, Limit
from dropship.gateway.http.problems import (
    FieldError,
    ProblemFound,
    QuotaName,
    quota_reached,
    unauthenticated,
)
from dropship.gateway.http.reading import read_body, read_query
from dropship.gateway.http.shapes import NoBody, NoQuery
from dropship.gateway.http.tokens import BadToken
from dropship.gateway.http.visitors import visitor_of
from dropship.runtime.errors import Refused

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Proof = Literal["bearer", "optional", "none"]
EXTRA_HEADERS = "dropship.headers"
SCOPE = "scope"
"""Under this name every Litestar handler tells the scope that it asks for."""

_SHOW = "send an access token or an API key: Authorization: Bearer …"
BODY_WAIT_S = 10.0
DISCARD_WAIT_S = 1.0
DISCARDED_MAX_BYTES = 1_048_576
ID_LENGTH_MAX = 64
_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{ID_LENGTH_MAX}}}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)

Q = TypeVar("Q", bound=Struct)
B = TypeVar("B", bound=Struct)
HttpRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Call(Generic[Q, B]):
    """A request that has been read: nothing in it is malformed any more."""

    at: datetime
    visitor: Visitor
    query: Q
    body: B
    path: Mapping[str, str]
    key: str | None
    known_caller: Caller | None

    @property
    def caller(self) -> Caller:
        """Who asks. Raises ProblemFound (401) where the route let nobody in particular through."""
        if self.known_caller is None:
            raise unauthenticated(_SHOW)
        return self.known_caller


@dataclass(frozen=True)
class Answer:
    """What a route answers: a struct, bytes that the owner made ready, or nothing."""

    content: Struct | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Run = Callable[[Desk, Call[Any, Any]], Awaitable[Answer]]


@dataclass(frozen=True)
class Endpoint:
    """A route as it is declared.

    `scope` is what its caller must be allowed, and has no default; `token_optional` lets callers in
    who show no token. `keyed` says that an Idempotency-Key is heeded; `quota` which quota of the
    tenant's tier it draws on; `limited` that the caller's address is counted (routes with a token
    count its tenant); `located` that the answer tells where to look next; `problems` are kinds of
    problems besides those that follow from the rest.
    """

    method: Method
    path: str
    operation_id: str
    summary: str
    run: Run
    scope: Scope
    status: int = 200
    answer: Any = None
    query: type[Struct] = NoQuery
    body: type[Struct] = NoBody
    body_required: bool = True
    token_optional: bool = False
    keyed: bool = False
    quota: QuotaName | None = None
    limited: bool = False
    located: bool = False
    problems: frozenset[str] = frozenset()

    @property
    def proof(self) -> Proof:
        """Whether an access token or API key is needed."""
        if self.scope is Scope.public:
            return "none"
        return "optional" if self.token_optional else "bearer"

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def tag(self) -> str:
        return self.path.split("/")[2].removesuffix(".json")


def bound(endpoint: Endpoint, desk: Desk) -> HTTPRouteHandler:
    """The endpoint as a Litestar route."""

    async def answer_request(request: HttpRequest) -> Response[bytes | None]:
        call = await _read(endpoint, desk, request)
        try:
            answer = await endpoint.run(desk, call)
        except Refused as refused:
            if refused.kind == "limit" and endpoint.quota is not None:
                raise quota_reached(endpoint.quota, call.caller.tier) from None
            raise
        content = answer.content
        return Response(
            content=msgspec.json.encode(content) if isinstance(content, Struct) else content,
            status_code=endpoint.status,
            media_type="application/json",
            headers=dict(answer.headers),
        )

    return HTTPRouteHandler(
        re.sub(r"\{(\w+)\}", r"{\1:str}", endpoint.path),
        http_method=endpoint.method,
        name=endpoint.operation_id,
        status_code=200,  # The Response brings its own.
        include_in_schema=False,
        opt={SCOPE: endpoint.scope},
    )(answer_request)


async def _read(endpoint: Endpoint, desk: Desk, request: HttpRequest) -> Call[Any, Any]:
    at = desk.clock.now()
    visitor = visitor_of(request, desk.trusted_proxies)
    if endpoint.limited:
        spend(request, desk.limits.address, visitor.ip or "", desk.clock.monotonic())
    caller = await _caller(endpoint, desk, request, visitor, at)
    if caller is not None:
        spend(request, desk.limits.tenants[caller.tier], caller.tenant, desk.clock.monotonic())
        _check_scope(endpoint, caller)
    for value in request.path_params.values():
        if not _ID.fullmatch(value):
            raise ProblemFound("not_found", "no such thing of yours")
    return Call(
        at=at,
        visitor=visitor,
        query=read_query(endpoint.query, request.scope["query_string"]),
        body=await _body(endpoint, desk, request),
        path=request.path_params,
        key=_key(request) if endpoint.keyed else None,
        known_caller=caller,
    )


def spend(request: HttpRequest, limit: Limit, key: str, now_s: float) -> None:
    """Count this request; its headers tell what is left. Raises ProblemFound (429)."""
    allowance = limit.take(key, now_s)
    extra: dict[str, str] = request.scope.get(EXTRA_HEADERS, {})  # type: ignore[assignment]
    extra.update(allowance.headers())
    if not allowance.granted:
        raise exhausted(allowance)


def exhausted(allowance: Allowance) -> ProblemFound:
    """The 429 for a request that is one too many."""
    return ProblemFound(
        "limit",
        f"the limit {allowance.name!r} is used up: come back in {allowance.retry_after_s} s",
        headers=allowance.headers(),
    )


async def _caller(
    endpoint: Endpoint, desk: Desk, request: HttpRequest, visitor: Visitor, at: datetime
) -> Caller | None:
    header = request.headers.get("authorization")
    if endpoint.proof == "none" or (endpoint.proof == "optional" and header is None):
        return None
    if header is None:
        raise unauthenticated(_SHOW)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("the Authorization header is not Bearer …", "invalid_request")
    token = token.strip()
    known = desk.callers.remembered(token, at)
    if known is not None:
        return known
    if token.startswith(PREFIX):  # Guessing keys is counted, like guessing passwords.
        spend(request, desk.limits.address, visitor.ip or "", desk.clock.monotonic())
    try:
        return await desk.callers.verified(token, at)
    except BadToken as bad:
        raise unauthenticated(f"the access token is not good: {bad}", "invalid_token") from None


def _check_scope(endpoint: Endpoint, caller: Caller) -> None:
    if endpoint.scope not in caller.scopes:
        has = ", ".join(sorted(caller.scopes)) or "nothing"
        raise ProblemFound("forbidden", f"this asks for {endpoint.scope}; you may: {has}")


async def _body(endpoint: Endpoint, desk: Desk, request: HttpRequest) -> Struct:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > desk.max_body_bytes:
        raise await _too_large(request, desk.max_body_bytes)
    if endpoint.body is NoBody:
        return NoBody()
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            body = await request.body()
    except TimeoutError:
        raise ProblemFound("timeout", f"the body did not arrive in {BODY_WAIT_S:.0f} s") from None
    except RequestEntityTooLarge:
        raise await _too_large(request, desk.max_body_bytes) from None
    if not body and not endpoint.body_required:
        return endpoint.body()
    if not _JSON.fullmatch(request.headers.get("content-type", "")):
        raise ProblemFound("unsupported_media_type", "the Content-Type must be application/json")
    return read_body(endpoint.body, body)


async def _too_large(request: HttpRequest, limit_bytes: int) -> ProblemFound:
    """A client that is still sending when the connection closes never sees the answer, so some of
    the rest is read and dropped first."""
    left_bytes = DISCARDED_MAX_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_WAIT_S):
            while left_bytes > 0:
                message = await request.receive()
                if message["type"] != "http.request" or not message["more_body"]:
                    break
                left_bytes -= len(message["body"])
    return ProblemFound("too_large", f"a body has at most {limit_bytes} bytes")


def _key(request: HttpRequest) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None or _KEY.fullmatch(key):
        return key
    mistake = FieldError(
        "Idempotency-Key", "is not 1 to 255 visible ASCII characters", "take a fresh UUID"
    )
    raise ProblemFound("invalid", f"{mistake.field}: {mistake.detail}", [mistake])
