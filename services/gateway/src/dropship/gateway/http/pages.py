"""Cursors of the gateway's own lists: opaque to callers, readable to nobody's profit."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime
from uuid import UUID

import msgspec

from dropship.gateway.http.problems import FieldError, ProblemFound


def cursor_after(created_at: datetime, identity: str) -> str:
    """Where the next page begins."""
    return urlsafe_b64encode(msgspec.json.encode((created_at, identity))).rstrip(b"=").decode()


def place_of(cursor: str | None) -> tuple[datetime, str] | None:
    """What a cursor stands for. Raises ProblemFound for one that we did not make."""
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        created_at, identity = msgspec.json.decode(text, type=tuple[datetime, UUID])
        if created_at.tzinfo is None:
            raise ValueError(cursor)
    except (Error, msgspec.DecodeError, ValueError):
        mistake = FieldError("cursor", "is none of ours", "use next_cursor of the page before")
        raise ProblemFound("invalid", "cursor: is none of ours", [mistake]) from None
    return created_at, str(identity)
