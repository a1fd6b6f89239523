"""How hard a supplier may be asked, and for how long it is left alone when it says no. Pure."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from dropship.scraper.domain.reading import PageKind

BLOCKS_UNTIL_REST = 3
"""So many blocks in a row are no accident. A 429 is an instruction and counts at once."""

REST_S = 30.0
REST_MAX_S = 900.0
RETRY_AFTER_MAX_S = 3600.0
BACKOFF_S = 1.0
BACKOFF_MAX_S = 60.0


def rest_s(
    kind: PageKind, blocks: int, retry_after_s: float | None, first_s: float = REST_S
) -> float | None:
    """How long to leave a source alone after its `blocks`-th block in a row; None: not yet.

    The first rest lasts `first_s`; it doubles with every further block, up to fifteen minutes; a
    wish of the supplier's own is honoured up to an hour.
    """
    if kind is not PageKind.rate_limited and blocks < BLOCKS_UNTIL_REST:
        return None
    further = max(blocks - (1 if kind is PageKind.rate_limited else BLOCKS_UNTIL_REST), 0)
    usual = min(first_s * float(1 << min(further, 10)), REST_MAX_S)
    wished = min(retry_after_s or 0.0, RETRY_AFTER_MAX_S)
    return wished if kind is PageKind.rate_limited and wished else max(usual, wished)


def backoff_s(failures: int, share: float) -> float:
    """Full jitter: anywhere up to a bound that doubles with every failure; `share` is 0 to 1."""
    bound_s = min(BACKOFF_MAX_S, BACKOFF_S * float(1 << min(failures, 10)))
    return max(0.1, share * bound_s)


def retry_after_s(header: str | None, at: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds from `at`; it may be a number or a date."""
    if not header:
        return None
    text = header.strip()
    if re.fullmatch(r"\d{1,10}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - at).total_seconds()) if moment.tzinfo is not None else None
