"""Processes as the kernel shows them to anybody: parents, open sockets, command lines."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

PROC = Path("/proc")
LISTENING, ESTABLISHED = "0A", "01"
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True)
class Program:
    """One process. `born` keeps it apart from a later one with the same id."""

    pid: int
    born: str
    name: str

    def is_alive(self) -> bool:
        """Whether it still runs; one that is dead and not yet waited for does not."""
        found = _stat(self.pid)
        return found is not None and found[19] == self.born and found[0] != "Z"


@dataclass(frozen=True)
class Socket:
    """One TCP socket of a process."""

    program: str
    state: str
    local: IPv4Address | IPv6Address
    remote: IPv4Address | IPv6Address


def _stat(pid: int) -> list[str] | None:
    """The fields of ``/proc/<pid>/stat`` behind the name: state, parent, …"""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def parent_of(pid: int) -> int:
    found = _stat(pid)
    assert found is not None, f"process {pid} is gone"
    return int(found[1])


def command_line(pid: int) -> bytes:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def _program(pid: int) -> Program | None:
    found = _stat(pid)
    words = command_line(pid).replace(b"\0", b" ").decode(errors="replace").split()
    name = " ".join(words[:4]) if words else "?"
    return Program(pid, found[19], f"{name} ({pid})") if found else None


def family_of(pid: int) -> frozenset[Program]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        found = _stat(int(entry.name))
        if found is not None:
            children.setdefault(int(found[1]), []).append(int(entry.name))
    family: list[int] = [pid]
    for member in family:
        family += children.get(member, [])
    return frozenset(one for one in map(_program, family) if one is not None)


def sockets_of(family: frozenset[Program]) -> list[Socket]:
    """Every TCP socket, of either version, that one of the processes has open."""
    owners: dict[str, str] = {}
    for program in family:
        with suppress(OSError):
            for link in (PROC / str(program.pid) / "fd").iterdir():
                with suppress(OSError):
                    if found := _SOCKET.fullmatch(os.readlink(link)):
                        owners[found[1]] = program.name
    return [socket for table in ("tcp", "tcp6") for socket in _table(table, owners)]


def _table(name: str, owners: dict[str, str]) -> list[Socket]:
    rows = (PROC / "net" / name).read_text().splitlines()[1:]
    fields = [row.split() for row in rows]
    return [
        Socket(owners[row[9]], row[3], _address(row[1]), _address(row[2]))
        for row in fields
        if row[9] in owners
    ]


def _address(text: str) -> IPv4Address | IPv6Address:
    """``0100007F:1F90`` → 127.0.0.1: words of four bytes, each in this machine's order."""
    packed = bytes.fromhex(text.partition(":")[0])
    words = [packed[at : at + 4][::-1] for at in range(0, len(packed), 4)]
    address = ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
