"""Where a page of a list ended, as text that nobody is meant to read."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dropship.runtime.errors import Refused

NEWEST = datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1)
"""Before the first row of every list that begins with the newest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_ID = 2**63 - 1

Row = tuple[Any, ...]


def cursor_of(at: datetime, id_: UUID) -> str:
    """The cursor behind a row that is ordered by moment and id."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return _packed(f"{micros}.{id_.hex}")


def read_cursor(cursor: str | None) -> tuple[datetime, UUID]:
    """The row a page ended with; without a cursor `NEWEST`.

    Raises Refused for a text that is no cursor of ours.
    """
    if cursor is None:
        return NEWEST
    micros, _, id_ = _unpacked(cursor).partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), UUID(hex=id_)
    except (ValueError, OverflowError):
        raise _wrong() from None


def cut(rows: Sequence[Row], limit: int, at: int, id_: int) -> tuple[Sequence[Row], str | None]:
    """The rows of a page, and the cursor behind them if there are more.

    `rows` were read with one more than `limit`; `at` and `id_` say in which columns the moment and
    the id stand by which they are ordered.
    """
    shown = rows[:limit]
    return shown, cursor_of(shown[-1][at], shown[-1][id_]) if len(rows) > limit else None


def cursor_of_row(row_id: int) -> str:
    """The cursor behind a row that is ordered by its number."""
    return _packed(str(row_id))


def read_row_cursor(cursor: str) -> int:
    """The row a page ended with. Raises Refused for a text that is no cursor of ours."""
    text = _unpacked(cursor)
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST_ID:
        raise _wrong()
    return int(text)


def _packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpacked(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise _wrong() from None


def _wrong() -> Refused:
    return Refused("invalid", "use a next_cursor of an earlier page as it was", field="cursor")
