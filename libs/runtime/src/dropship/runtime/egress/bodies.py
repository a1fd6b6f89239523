"""Reading an answer's body within bounds: as received, and as unpacked."""

import zlib
from collections.abc import AsyncIterator

from dropship.runtime.egress.errors import Garbled, TooLarge

ACCEPT_ENCODING = "gzip"

_GZIP = 31
_RATIO_LIMIT = 100
_RATIO_FROM_BYTES = 1 << 20


class BoundedBody:
    """Collects a body that is never larger than `max_bytes` in memory, however it was packed.

    A gzip bomb is stopped while unpacking: no more than the bound is ever inflated. A body that
    passes one MiB at more than a hundred times its packed size is refused as well.
    """

    def __init__(self, origin: str, encoding: str, max_bytes: int) -> None:
        encoding = encoding.strip().lower() or "identity"
        if encoding not in {"identity", "gzip", "x-gzip"}:
            raise Garbled(origin, "it is packed in a way we did not offer")
        self._origin = origin
        self._max_bytes = max_bytes
        self._packed = encoding != "identity"
        self._gzip = zlib.decompressobj(_GZIP)
        self._received = 0
        self._body = bytearray()

    async def read(self, chunks: AsyncIterator[bytes]) -> bytes:
        """All of it. Raises TooLarge, and Garbled when the packing is broken or broken off."""
        async for chunk in chunks:
            self._received += len(chunk)
            if self._packed:
                self._unpack(chunk)
            else:
                self._keep(chunk)
        if self._packed and self._received and not self._gzip.eof:
            raise Garbled(self._origin, "its packed body is broken off")
        return bytes(self._body)

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            if self._gzip.eof:  # a further member of the same gzip file
                self._gzip = zlib.decompressobj(_GZIP)
            room = self._max_bytes - len(self._body) + 1
            try:
                self._keep(self._gzip.decompress(chunk, room))
            except zlib.error:
                raise Garbled(self._origin, "its packed body is broken") from None
            chunk = self._gzip.unused_data

    def _keep(self, part: bytes) -> None:
        self._body += part
        size = len(self._body)
        if size > self._max_bytes or self._received > self._max_bytes:
            raise TooLarge(self._origin, f"it is larger than {self._max_bytes} bytes")
        if size > _RATIO_FROM_BYTES and size > _RATIO_LIMIT * self._received:
            raise TooLarge(self._origin, "it unpacks to a hundred times its size")
