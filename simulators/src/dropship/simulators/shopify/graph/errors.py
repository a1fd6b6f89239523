"""Errors of the second layer: HTTP 200, no data, and a code."""

from typing import Any


class GraphError(Exception):
    """The operation is refused as a whole; nothing of it was done."""

    def __init__(self, message: str, code: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.extensions = extensions

    def written(self) -> dict[str, Any]:
        """The entry in `errors`."""
        extensions = dict(self.extensions)
        if self.code is not None:
            extensions = {"code": self.code, **extensions}
        entry: dict[str, Any] = {"message": self.message}
        if extensions:
            entry["extensions"] = extensions
        return entry


class NotSimulated(Exception):
    """Shopify could answer this and we cannot: HTTP 501, so that nobody takes it for a no."""
