"""The one door to the outside: whatever a service fetches or sends goes through an `Egress`."""

from dropship.runtime.egress.client import Checked, Egress, Response
from dropship.runtime.egress.errors import (
    EgressError,
    Garbled,
    RefusedAddress,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)

__all__ = [
    "Checked",
    "Egress",
    "EgressError",
    "Garbled",
    "RefusedAddress",
    "Response",
    "TimedOut",
    "TooLarge",
    "TooManyRedirects",
    "Unreachable",
]
