"""Requests to the outside: checked and pinned at every hop, bounded in size, time and redirects."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx

from dropship.runtime.egress.bodies import ACCEPT_ENCODING, BoundedBody
from dropship.runtime.egress.errors import (
    EgressError,
    Garbled,
    RefusedAddress,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from dropship.runtime.egress.resolving import Gatekeeper, Resolver, system_resolver
from dropship.runtime.egress.targets import Target, parse
from dropship.runtime.egress.transport import CONNECT_TIMEOUT_S, PinnedTransport
from dropship.runtime.telemetry.metrics import EGRESS_REQUESTS

PORTS = frozenset({80, 443})
MAX_BYTES = 5 << 20
TIMEOUT_S = 30.0
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_FOR_ANYONE = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})


@dataclass(frozen=True)
class Checked:
    """A URL we may open, and the only addresses to open it at.

    For a client of one's own (curl): connect to these addresses and to no other, keep `host` for
    TLS and the Host header, follow no redirect without checking its target as well.
    """

    url: str
    scheme: str
    host: str
    port: int
    addresses: Sequence[str]


@dataclass(frozen=True)
class Response:
    """An answer of any status. `url` is where it came from, after redirects; `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True)
class _Hop:
    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """Fetches from and sends to strangers, without ever reaching our own network.

    Only http and https, only to the given ports, never to a private, loopback, metadata or
    translated address. `development` opens loopback, on any port, for the simulators. `tls`
    replaces the usual certificate authorities. It keeps no cookies and reads no proxy settings.
    One per process; `aclose` it at the end.
    """

    def __init__(
        self,
        development: bool = False,
        *,
        ports: Iterable[int] = PORTS,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        user_agent: str = "dropship-central",
    ) -> None:
        self._gatekeeper = Gatekeeper(development, frozenset(ports), resolver)
        trusted = tls or httpx.create_ssl_context(trust_env=False)
        self._transport = PinnedTransport(self._gatekeeper, trusted)
        self._user_agent = user_agent

    async def check(self, url: str) -> Checked:
        """Whether we may open this URL, for code that must use a client of its own.

        Resolves the name, so it takes as long as that (at most 5 s). Raises RefusedAddress,
        Unreachable, TimedOut.
        """
        target = parse(url)
        addresses = await self._gatekeeper.admit(target)
        return Checked(target.url, target.scheme, target.host, target.port, addresses)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_BYTES,
        max_redirects: int = MAX_REDIRECTS,
    ) -> Response:
        """GET; see `request`."""
        return await self.request(
            "GET",
            url,
            headers=headers,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
            max_redirects=max_redirects,
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_BYTES,
        max_redirects: int = MAX_REDIRECTS,
    ) -> Response:
        """One answer, of whatever status. Raises a child of EgressError when there is none.

        `timeout_s` bounds the whole of it, redirects and body included; `max_bytes` the body,
        packed and unpacked. With `max_redirects=0` a redirect is not followed but returned, as
        webhooks need it. At a redirect to another origin only harmless headers go along: no
        credentials, no cookies, no custom keys; a body never does. Nothing is retried.
        """
        try:
            hop = _Hop(method.upper(), parse(url), self._headers(headers or {}), body)
            response = await self._within(timeout_s, hop, max_bytes, max_redirects)
        except EgressError as error:
            EGRESS_REQUESTS[error.outcome].inc()
            raise
        EGRESS_REQUESTS["answered"].inc()
        return response

    async def aclose(self) -> None:
        """Close the idle connections. Nothing may be under way."""
        await self._transport.aclose()

    def _headers(self, given: Mapping[str, str]) -> Mapping[str, str]:
        ours = {"user-agent": self._user_agent, "accept": "*/*"}
        theirs = {name.lower(): value for name, value in given.items()}
        if mistaken := _NOT_OURS & theirs.keys():
            raise ValueError(f"these headers are not the caller's to set: {sorted(mistaken)}")
        return {**ours, **theirs, "accept-encoding": ACCEPT_ENCODING}

    async def _within(
        self, timeout_s: float, hop: _Hop, max_bytes: int, max_redirects: int
    ) -> Response:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(hop, max_bytes, max_redirects)
        except TimeoutError:
            raise TimedOut(hop.target.origin, f"no answer within {timeout_s:g} s") from None

    async def _follow(self, hop: _Hop, max_bytes: int, max_redirects: int) -> Response:
        for _ in range(max_redirects + 1):
            answer = await self._exchange(hop, max_bytes, follow=max_redirects > 0)
            if isinstance(answer, Response):
                return answer
            hop = answer
        raise TooManyRedirects(hop.target.origin, f"more than {max_redirects} redirects")

    async def _exchange(self, hop: _Hop, max_bytes: int, follow: bool) -> Response | _Hop:
        origin = hop.target.origin
        try:
            answer = await self._transport.handle_async_request(_request(hop))
            try:
                if follow and answer.status_code in _REDIRECTS and "location" in answer.headers:
                    return _next(hop, answer.status_code, answer.headers["location"])
                body = b"" if hop.method == "HEAD" else await _body(origin, answer, max_bytes)
                return Response(answer.status_code, answer.headers, body, hop.target.url)
            finally:
                await answer.aclose()
        except httpx.TimeoutException:
            raise TimedOut(origin, "it stopped answering") from None
        except httpx.RemoteProtocolError:
            raise Unreachable(origin, "it broke off or does not speak HTTP") from None
        except httpx.LocalProtocolError:
            raise RefusedAddress(origin, "the request cannot be written as HTTP") from None
        except httpx.TransportError:
            raise Unreachable(origin, "the connection failed") from None


def _request(hop: _Hop) -> httpx.Request:
    timeout = {"connect": CONNECT_TIMEOUT_S}  # the rest is bounded by the deadline of the whole
    try:
        return httpx.Request(
            hop.method,
            hop.target.url,
            headers=hop.headers,
            content=hop.body or None,
            extensions={"timeout": timeout},
        )
    except (httpx.InvalidURL, UnicodeError):
        raise RefusedAddress(hop.target.origin, "the URL or a header cannot be written") from None


async def _body(origin: str, answer: httpx.Response, max_bytes: int) -> bytes:
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise TooLarge(origin, f"it is larger than {max_bytes} bytes")
    reader = BoundedBody(origin, answer.headers.get("content-encoding", ""), max_bytes)
    return await reader.read(answer.aiter_raw())


def _next(hop: _Hop, status: int, location: str) -> _Hop:
    try:
        target = parse(urljoin(hop.target.url, location))
    except ValueError:
        raise Garbled(hop.target.origin, "it redirects to something unreadable") from None
    if status == 303 or (status in {301, 302} and hop.method == "POST"):
        method = "HEAD" if hop.method == "HEAD" else "GET"
        hop = replace(hop, method=method, body=b"", headers=_without_body(hop.headers))
    if target.origin != hop.target.origin:
        if hop.body:
            raise RefusedAddress(hop.target.origin, "it sends a request with a body elsewhere")
        hop = replace(hop, headers=_for_strangers(hop.headers))
    return replace(hop, target=target)


def _without_body(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("content-")}


def _for_strangers(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name in _FOR_ANYONE}
