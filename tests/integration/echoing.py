"""A supplier that is ill, and repeats in its errors what it was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from integration.collector import serving


class _Parrot(BaseHTTPRequestHandler):
    """500, with the address it was asked for in the status line, a header and the body."""

    def do_GET(self) -> None:
        self.send_response(500, f"cannot serve {self.path}")
        self.send_header("x-asked-for", self.path)
        self.end_headers()
        self.wfile.write(f"cannot serve {self.path}".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextmanager
def echoing() -> Iterator[str]:
    """Its address on this machine."""
    with serving(_Parrot) as url:
        yield url
