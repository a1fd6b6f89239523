"""Free loopback ports, chosen below the range that outgoing connections take theirs from."""

import secrets
import socket
from pathlib import Path

LOWEST, HIGHEST = 15_000, 32_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _highest() -> int:
    try:
        first_outgoing = int(_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return HIGHEST
    return min(HIGHEST, first_outgoing - 1)


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on. A server that restarts finds its port still free.

    Another program may take one before it is used: try again with others then.
    """
    width = max(_highest() - LOWEST, 1)
    chosen: set[int] = set()
    for _ in range(200 * count):
        if len(chosen) == count:
            break
        port = LOWEST + secrets.randbelow(width)
        if port not in chosen and is_free(port):
            chosen.add(port)
    if len(chosen) < count:
        raise OSError(f"no {count} free ports between {LOWEST} and {_highest()}")
    return list(chosen)


def free_port() -> int:
    """One port that nobody listens on."""
    return free_ports(1)[0]
