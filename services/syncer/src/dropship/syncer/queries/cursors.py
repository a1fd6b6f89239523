"""Where a page ended, as text that nobody is meant to read."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dropship.runtime.errors import Refused

NEWEST = datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor_of(at: datetime, id_: UUID) -> str:
    """The cursor behind a row."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{micros}.{id_.hex}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[datetime, UUID]:
    """The row a page ended with. Raises Refused for a text that is no cursor of ours."""
    if cursor is None:
        return NEWEST
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        micros, _, id_ = text.partition(".")
        return _EPOCH + timedelta(microseconds=int(micros)), UUID(hex=id_)
    except (binascii.Error, ValueError, OverflowError):
        detail = "use a next_cursor of an earlier page as it was"
        raise Refused("invalid", detail, field="cursor") from None
