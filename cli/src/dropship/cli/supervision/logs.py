"""Where the programs' output goes: bounded files, and one readable line each on a terminal."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from dropship.runtime.embedded import open_private

MAX_BYTES = 10_000_000
KEPT_LINES = 15
LONGEST_LINE_BYTES = 64_000


class BoundedLog:
    """A log file of at most `max_bytes`, and the one before it (``name.log.1``). Mode 0600."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._out = open_private(path, append=True)
        self._written = path.stat().st_size
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)

    def write(self, line: bytes) -> None:
        """Append one line, given without its line end."""
        if self._written > self._max_bytes:
            self._turn_over()
        self._out.write(line + b"\n")
        self._out.flush()
        self._written += len(line) + 1
        self.last_lines.append(line.decode(errors="replace"))

    def _turn_over(self) -> None:
        self._out.close()
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._out = open_private(self.path)
        self._written = 0

    def close(self) -> None:
        self._out.close()


class Lines:
    """Cuts a stream of bytes into lines; an endless line is cut, not collected."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that the chunk completes."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        yield from (line.rstrip(b"\r") for line in whole)
        if len(self._rest) > LONGEST_LINE_BYTES:
            yield self.end()

    def end(self) -> bytes:
        """What was left without a line end."""
        rest, self._rest = self._rest, b""
        return rest
