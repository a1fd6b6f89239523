"""Become another program whose life is tied to its parent's.

    python -m dropship.runtime.embedded.launch [--uid N --gid N] [--death-signal N] [--parent PID]
                                               -- PROGRAM ARGUMENT...

On Linux the kernel sends the death signal when the parent dies, even by ``kill -9``; elsewhere that
part is left out. Beware: the kernel means the parent's *thread* that forked, so start children from
a thread that lives as long as they may. Standard library only, so that it runs with ``-I -S``.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def drop_rights(uid: int, gid: int) -> None:
    """Become that user for good, without any supplementary group."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.umask(0o077)


def die_with_parent(death_signal: int, parent: int | None) -> None:
    """Ask the kernel for the signal; end here if the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        sys.exit("launch: the parent was gone before its child began")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dropship.runtime.embedded.launch")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--parent", type=int)
    parser.add_argument("argv", nargs="+")
    asked = parser.parse_args()
    if asked.uid is not None:
        drop_rights(asked.uid, asked.uid if asked.gid is None else asked.gid)
    # After the change of user: that change clears the death signal.
    die_with_parent(asked.death_signal, asked.parent)
    for inherited in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(inherited, signal.SIG_DFL)
    try:
        os.execvp(asked.argv[0], asked.argv)  # noqa: S606 - becoming the program is the point
    except OSError as error:
        sys.exit(f"launch: cannot run {asked.argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
