"""Files that only their owner may read, replaced in one step so that no reader sees half of one."""

import contextlib
import os
import secrets
from io import BufferedWriter
from pathlib import Path


def new_password() -> str:
    """A password nobody has to remember: 192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def open_private(path: Path, *, append: bool = False) -> BufferedWriter:
    """Open for writing; a file made here is mode 0600 from its first moment."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def write_private(path: Path, content: str, *, uid: int = -1, gid: int = -1) -> None:
    """Write or replace the file with mode 0600, for that owner if one is given."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with open_private(fresh) as out:
        out.write(content.encode())
        out.flush()
        os.fsync(out.fileno())
    if uid >= 0:
        os.chown(fresh, uid, gid)
    fresh.replace(path)
