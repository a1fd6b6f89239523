"""From a host to addresses we may connect to: resolved once, each one judged."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from dropship.runtime.egress.addresses import is_loopback, refusal
from dropship.runtime.egress.errors import RefusedAddress, TimedOut, Unreachable
from dropship.runtime.egress.targets import Target, literal

DNS_TIMEOUT_S = 5.0

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every A and AAAA record of a host, as text. A port, so that tests can lie."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the machine's own resolver says. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Gatekeeper:
    """The rules of one `Egress`: which ports, and whether this machine itself is open."""

    development: bool
    ports: frozenset[int]
    resolver: Resolver

    async def admit(self, target: Target) -> Sequence[str]:
        """The addresses to connect to, and no others.

        One bad address among good ones refuses the host: nobody honest publishes such a mixture.
        Raises RefusedAddress, TimedOut, Unreachable.
        """
        if not self.development:
            self._admit_port(target)
        addresses = await self._resolved(target)
        plain = [self._judged(target, text) for text in addresses]
        if not all(map(is_loopback, plain)):
            self._admit_port(target)
        return plain

    def _admit_port(self, target: Target) -> None:
        if target.port not in self.ports:
            raise RefusedAddress(target.origin, f"port {target.port} is not allowed")

    async def _resolved(self, target: Target) -> Sequence[str]:
        if literal(target.host) is not None:
            return [target.host]
        try:
            async with asyncio.timeout(DNS_TIMEOUT_S):
                addresses = await self.resolver(target.host, target.port)
        except TimeoutError:
            raise TimedOut(target.origin, "its name took too long to resolve") from None
        except (OSError, UnicodeError):
            raise Unreachable(target.origin, "its name does not resolve") from None
        if not addresses:
            raise Unreachable(target.origin, "its name has no address")
        return addresses

    def _judged(self, target: Target, text: str) -> str:
        try:
            address = ip_address(text)
        except ValueError:
            raise RefusedAddress(target.origin, "its name resolves to no address") from None
        reason = refusal(address, development=self.development)
        if reason is not None:
            raise RefusedAddress(target.origin, f"its address is {reason}")
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return str(mapped or address)
