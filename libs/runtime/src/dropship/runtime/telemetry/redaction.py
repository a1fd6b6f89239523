"""What never leaves a process in a log line: secrets by their key, and secrets by their shape."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from structlog.typing import EventDict, WrappedLogger

MASK = "***"
TEXT_LIMIT = 4_096
TRACEBACK_LIMIT = 16_384
_DEPTH_LIMIT = 6

_SECRET_KEY = re.compile(
    r"(?i)password|passwd|passphrase|secret|authorization|cookie|credential|\bdsn\b|database_?url"
    r"|(^|[_-])(token|jwt|otp)$|(api|seal|private|signing)[_-]?key|userinfo"
)
_SHAPES = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#@]*(?:@[^\s/?#@]*)*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    (
        re.compile(
            r"(?i)\b((?:\w*[_-])?(?:password|passwd|secret|token|api_?key|signature|sig)=)"
            r"(?:'[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)"
        ),
        rf"\1{MASK}",
    ),
)
_HINT = re.compile(r"(?i)://|bearer|basic|eyJ|passw|secret|token|key=|sig")
_TRICKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """The structlog processor that runs last before rendering, so nothing is added after it."""
    return {key: _clean(key, value, 0) for key, value in line.items()}


def redacted(text: str) -> str:
    """The text without the secrets that can be told by their shape, and without control tricks.

    A net, not a licence: it knows URLs with credentials, authorization values, JWTs and
    ``password=…``, but no bare secret in the middle of a sentence.
    """
    if _HINT.search(text):
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
    return _TRICKS.sub(_escaped, text) if _TRICKS.search(text) else text


@lru_cache(maxsize=2_048)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _clean(key: str, value: Any, depth: int) -> Any:
    if _is_secret(key):
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        limit = TRACEBACK_LIMIT if key == "exception" else TEXT_LIMIT
        return _shortened(value, limit)
    return _clean_deep(key, value, depth)


def _clean_deep(key: str, value: Any, depth: int) -> Any:
    if depth < _DEPTH_LIMIT and isinstance(value, Mapping):
        return {str(name): _clean(str(name), inner, depth + 1) for name, inner in value.items()}
    if depth < _DEPTH_LIMIT and isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, inner, depth + 1) for inner in value]
    return _shortened(str(value), TEXT_LIMIT)


def _shortened(text: str, limit: int) -> str:
    """Cut after masking, so that no cut hides the end by which a secret is recognised."""
    masked = redacted(text[: 2 * limit])
    return masked if len(masked) <= limit else f"{masked[:limit]}…"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
