"""Who is at the other end of a connection, also behind proxies that we trust."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from litestar import Request

from dropship.gateway.handlers.visits import Visitor
from dropship.gateway.http.desk import Network

USER_AGENT_LENGTH_MAX = 300


def networks(text: str) -> list[Network]:
    """``10.0.0.0/8, 127.0.0.1`` as networks."""
    return [ip_network(part) for part in filter(None, map(str.strip, text.split(",")))]


def visitor_of(request: Request[Any, Any, Any], trusted: Sequence[Network]) -> Visitor:
    """The visitor's address and user agent.

    X-Forwarded-For is read from its end, and only as far as trusted proxies wrote it: everything
    before the first untrusted address may be invented.
    """
    client = request.scope.get("client")
    address = _address(client[0]) if client else None
    hops = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    while hops and address and any(ip_address(address) in network for network in trusted):
        nearer = _address(hops.pop())
        if nearer is None:
            break
        address = nearer
    agent = request.headers.get("user-agent", "")[:USER_AGENT_LENGTH_MAX].replace("\x00", "")
    return Visitor(ip=address, user_agent=agent or None)


@lru_cache(maxsize=4_096)
def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
