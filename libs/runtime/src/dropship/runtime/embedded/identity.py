"""Who a server that refuses root runs as, and where that user can keep its files.

Permissions of existing folders are never changed: where one cannot be reached, another is chosen.
"""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dropship.runtime.embedded.private import write_private

LASTING = Path("/var/lib/dropship-central")


@dataclass(frozen=True)
class Owner:
    """A user and group id to run as."""

    uid: int
    gid: int


def unprivileged() -> Owner | None:
    """Whom to become: nobody when we are root, else None (stay ourselves)."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Owner(65534, 65534)
    return Owner(entry.pw_uid, entry.pw_gid)


def can_enter(folder: Path, owner: Owner) -> bool:
    """Whether that user may walk down to `folder`, judged by the mode bits of the whole way.

    Folders that do not exist yet are taken as enterable: we make them ourselves.
    """
    way = folder.resolve()
    return all(_may_walk(step, owner) for step in (way, *way.parents) if step.exists())


def _may_walk(folder: Path, owner: Owner) -> bool:
    found = folder.stat()
    if found.st_uid == owner.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == owner.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def place_for(home: Path, owner: Owner | None, *, durable: bool) -> Path:
    """A folder for the owner's files: `home` itself if it can be entered, else another one.

    The other one is below /var/lib when its content shall outlive a reboot, else below the
    temporary folder; it is remembered in ``home/elsewhere``. Raises OSError if nothing will do, or
    if the remembered one is gone: an empty one in its place would hide the loss.
    """
    if owner is None or can_enter(home, owner):
        return home
    remembered = home / "elsewhere"
    if remembered.exists():
        chosen = Path(remembered.read_text(encoding="utf-8").strip())
        if not chosen.is_dir():
            raise FileNotFoundError(
                f"its files were in {chosen}, which is gone: bring it back, or remove {home}"
            )
        return chosen
    chosen = _elsewhere(home, owner, durable=durable)
    write_private(remembered, f"{chosen}\n")
    return chosen


def _elsewhere(home: Path, owner: Owner, *, durable: bool) -> Path:
    parents: list[Path | None] = [None]
    if durable and not home.resolve().is_relative_to(Path(tempfile.gettempdir()).resolve()):
        LASTING.mkdir(mode=0o711, parents=True, exist_ok=True)
        parents.insert(0, LASTING)
    for parent in parents:
        chosen = Path(tempfile.mkdtemp(prefix="dropship-", dir=parent))
        chosen.chmod(0o711)
        if can_enter(chosen, owner):
            return chosen
        chosen.rmdir()
    raise PermissionError(
        f"user {owner.uid} can enter neither {home} nor {tempfile.gettempdir()}; "
        "run as an ordinary user, or choose a folder that other users may enter"
    )


def forget_elsewhere(home: Path) -> None:
    """Delete the other folder that was chosen for `home`, if one was."""
    remembered = home / "elsewhere"
    if remembered.exists():
        shutil.rmtree(remembered.read_text(encoding="utf-8").strip(), ignore_errors=True)
        remembered.unlink()
