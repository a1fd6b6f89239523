"""The wire of `Egress`: every connection is made to an address the gatekeeper has just admitted.

The check sits in the one place where sockets are opened, so no redirect, retry or second answer of
a rebinding name server gets round it. The host name stays in the request and in TLS; only the
socket goes to the address.
"""

import ssl
from collections.abc import Iterable

import httpcore
import httpx

from dropship.runtime.egress.errors import Unreachable
from dropship.runtime.egress.resolving import Gatekeeper
from dropship.runtime.egress.targets import Target, plain_host

CONNECT_TIMEOUT_S = 5.0

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=15.0)


class PinnedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, on a pool whose connections are pinned."""

    def __init__(self, gatekeeper: Gatekeeper, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False, limits=_LIMITS)
        # httpx has no parameter for this; the pin `httpx<0.29` and the egress tests guard it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=_PinnedBackend(gatekeeper),
        )


class _PinnedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        target = Target("https" if port == 443 else "http", plain_host(host), port, "/")
        for address in await self._gatekeeper.admit(target):
            try:
                return await self._sockets.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise Unreachable(target.origin, "it does not accept connections")
