"""Errors are consequences: each says what happens next, not what went wrong where.

Consequence
├── Refused      the domain says no: becomes an event, or an answer to whoever asked
├── Retry        the world is ill: the same thing again, later
├── Unreadable   nobody can make sense of it: parked with its cause, for a person
├── Unknown      sent, and nobody knows whether it happened: look before repeating
└── NoAnswer     the owner of the answer is silent: tell the caller when to come back
Halted           reading or publishing must stop until a person has looked
├── LogRegressed the log is not the one that was written before, or has lost its end
└── TooNew       a message from a newer release
CheckpointLost   another replica leads this partition now: drop what is in hand, start over
SessionLost      the Postgres session with all the locks is gone: nothing is led any more
"""

from typing import Literal

RefusalKind = Literal["invalid", "not_found", "conflict", "forbidden", "key_reused", "limit"]


class Consequence(Exception):
    """Something that decides what is done next."""


class Refused(Consequence):
    """The domain says no. `reason` is a short stable code, `detail` a sentence with the fix."""

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        kind: RefusalKind = "invalid",
        field: str | None = None,
    ) -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail
        self.kind: RefusalKind = kind
        self.field = field


class Retry(Consequence):
    """The world is ill; the same thing may work in `after_s` seconds."""

    def __init__(self, after_s: float, reason: str) -> None:
        super().__init__(reason)
        self.after_s = after_s
        self.reason = reason


class Unreadable(Consequence):
    """It cannot be understood and never will be: park it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unknown(Consequence):
    """The request left, the answer did not come: the effect is looked up before it is repeated."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoAnswer(Consequence):
    """The service that owns the answer did not speak within the deadline."""

    def __init__(self, owner: str, retry_after_s: int = 2) -> None:
        super().__init__(f"{owner} does not answer")
        self.owner = owner
        self.retry_after_s = retry_after_s


class Halted(Exception):
    """Going on would make it worse. The reason is shown by /health/ready until a person acts."""


class LogRegressed(Halted):
    """The stream differs from what was heard or said before (`log_regressed`)."""


class TooNew(Halted):
    """A known message in a version newer than this release: deploy the newer release first."""


class CheckpointLost(Exception):
    """The compare-and-set failed: another replica has heard further."""


class SessionLost(Exception):
    """The session that holds all advisory locks is gone."""
