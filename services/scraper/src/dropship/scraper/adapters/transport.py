"""Two ways to the outside: as a common browser, and as ourselves. Both checked and bounded.

The browser's default headers are left alone: they fit its TLS fingerprint, and any header of ours
would be the mark of a robot.
"""

import asyncio
from collections import OrderedDict
from typing import Any
from urllib.parse import urljoin

from curl_cffi import CurlECode, CurlOpt
from curl_cffi.requests import AsyncSession, Response
from curl_cffi.requests import exceptions as curl

from dropship.contracts.offers import FailureReason
from dropship.runtime.egress import Checked, Egress, EgressError
from dropship.scraper.adapters.port import Unreached
from dropship.scraper.domain.reading import Page

PROFILE = "chrome"
MAX_BYTES = 8 << 20
MAX_BYTES_PLAIN = 32 << 20
TIMEOUT_S = 25.0
MAX_REDIRECTS = 5
SESSIONS_MAX = 32
CONNECTIONS_MAX = 32

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EGRESS_REASONS = {
    "refused_address": FailureReason.refused_address,
    "too_large": FailureReason.too_large,
    "too_many_redirects": FailureReason.redirected,
    "timed_out": FailureReason.timeout,
    "unreachable": FailureReason.unreachable,
    "garbled": FailureReason.truncated,
}


def _unreached(error: EgressError) -> Unreached:
    return Unreached(_EGRESS_REASONS[error.outcome], error.reason)


class PlainTransport:
    """Ourselves, by name: for feeds, interfaces and robots.txt."""

    def __init__(self, egress: Egress, max_bytes: int = MAX_BYTES_PLAIN) -> None:
        self._egress = egress
        self._max_bytes = max_bytes

    async def get(self, url: str, *, etag: str | None = None) -> Page:
        known = {"if-none-match": etag} if etag else {}
        try:
            answer = await self._egress.get(
                url, headers=known, timeout_s=TIMEOUT_S, max_bytes=self._max_bytes
            )
        except EgressError as error:
            raise _unreached(error) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Page(url=answer.url, status=answer.status, headers=headers, body=answer.body)


class BrowserTransport:
    """A common browser, down to its TLS handshake. One session, with its cookies, per host.

    A session is bound to the addresses that the egress check has admitted, so a name that resolves
    to something else a moment later is not followed there. Redirects are taken by hand, each one
    checked like the first address.
    """

    def __init__(
        self, egress: Egress, max_bytes: int = MAX_BYTES, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._egress = egress
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._sessions: OrderedDict[tuple[str, int, str], AsyncSession[Response]] = OrderedDict()

    async def get(self, url: str, *, etag: str | None = None) -> Page:
        """As the port says; a page for people has no `etag` worth asking for."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._hop(url)
            location = answer.headers.get("location")
            if answer.status_code not in _REDIRECTS or not location:
                return _page(url, answer)
            url = _target(url, location)
        raise Unreached(FailureReason.redirected, f"more than {MAX_REDIRECTS} redirects")

    async def close(self) -> None:
        """Close every connection. Nothing may be under way."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def _hop(self, url: str) -> Response:
        try:
            checked = await self._egress.check(url)
        except EgressError as error:
            raise _unreached(error) from None
        session = await self._session(checked)
        try:
            async with asyncio.timeout(self._timeout_s + 1):
                return await session.get(
                    checked.url, timeout=self._timeout_s, allow_redirects=False
                )
        except (TimeoutError, curl.Timeout):
            raise Unreached(
                FailureReason.timeout, f"no answer within {self._timeout_s:g} s"
            ) from None
        except curl.RequestException as error:
            raise self._failed(error) from None

    def _failed(self, error: curl.RequestException) -> Unreached:
        if error.code == CurlECode.FILESIZE_EXCEEDED:
            return Unreached(FailureReason.too_large, f"larger than {self._max_bytes} bytes")
        if isinstance(error, (curl.IncompleteRead, curl.ChunkedEncodingError)) or error.code in {
            CurlECode.PARTIAL_FILE,
            CurlECode.BAD_CONTENT_ENCODING,
        }:
            return Unreached(FailureReason.truncated, "the answer broke off")
        return Unreached(FailureReason.unreachable, f"curl error {int(error.code)}")

    async def _session(self, checked: Checked) -> "AsyncSession[Response]":
        pinned = ",".join(f"[{a}]" if ":" in a else a for a in checked.addresses)
        key = (checked.host, checked.port, pinned)
        session = self._sessions.get(key)
        if session is None:
            options: dict[Any, Any] = {
                CurlOpt.MAXFILESIZE_LARGE: self._max_bytes,
                CurlOpt.RESOLVE: [f"{checked.host}:{checked.port}:{pinned}"],
            }
            session = AsyncSession(
                impersonate=PROFILE,
                trust_env=False,
                max_clients=CONNECTIONS_MAX,
                curl_options=options,
            )
            self._sessions[key] = session
            if len(self._sessions) > SESSIONS_MAX:
                _, oldest = self._sessions.popitem(last=False)
                await oldest.close()
        self._sessions.move_to_end(key)
        return session


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Unreached(FailureReason.truncated, "it redirects to something unreadable") from None


def _page(url: str, answer: Response) -> Page:
    headers = {name.lower(): value or "" for name, value in answer.headers.items()}
    return Page(url=url, status=answer.status_code, headers=headers, body=answer.content)
