"""What can go wrong on the way out. No text here shows more of a URL than its origin."""

from typing import ClassVar


class EgressError(Exception):
    """A request to the outside that brought no answer we can use.

    `url` is only the origin: paths and queries of feeds and webhooks hold secrets.
    """

    outcome: ClassVar[str] = "unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class RefusedAddress(EgressError):
    """We do not go there: a forbidden scheme, port, address or way of writing one. Never retry."""

    outcome = "refused_address"


class TooLarge(EgressError):
    """The answer, received or unpacked, passes the bound."""

    outcome = "too_large"


class TooManyRedirects(EgressError):
    """It sent us on more often than allowed."""

    outcome = "too_many_redirects"


class TimedOut(EgressError):
    """The whole request, redirects included, took longer than allowed. The other side may still
    have done what was asked of it."""

    outcome = "timed_out"


class Unreachable(EgressError):
    """No such name, no connection, no TLS, or it hung up before the answer was complete."""

    outcome = "unreachable"


class Garbled(EgressError):
    """It answered in a form that cannot be read: a broken or unknown encoding, a bad redirect."""

    outcome = "garbled"
