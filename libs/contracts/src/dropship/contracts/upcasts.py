"""From an older version of a message to the next one: pure, and never deleted.

Keyed by (name, version it reads). Each takes and returns the `data` object as plain JSON values.
"""

from collections.abc import Callable
from typing import Any

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}
