"""Where a page ended, as text that nobody is meant to read."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dropship.runtime.errors import Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_ID = 2**63 - 1


def cursor_of(at: datetime, product: UUID) -> str:
    """The cursor behind a watch."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return _sealed(f"{micros}.{product.hex}")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The watch a page ended with. Raises Refused for a text that is no cursor of ours."""
    micros, _, product = _opened(cursor).partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), UUID(hex=product)
    except (ValueError, OverflowError):
        raise _wrong() from None


def cursor_of_row(row_id: int) -> str:
    """The cursor behind a row of a history."""
    return _sealed(str(row_id))


def read_row_cursor(cursor: str) -> int:
    """The row a page ended with. Raises Refused for a text that is no cursor of ours."""
    text = _opened(cursor)
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST_ID:
        raise _wrong()
    return int(text)


def _sealed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise _wrong() from None


def _wrong() -> Refused:
    return Refused("invalid", "use a next_cursor of an earlier page as it was", field="cursor")
