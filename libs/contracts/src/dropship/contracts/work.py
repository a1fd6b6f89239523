"""Facts about work itself, said by whichever service does it, for commands that carry a job id.

The only messages that the runtime knows by name. The gateway folds them into the job: the first
terminal fact wins. `owner` is the doer, so the catalogue lists them under ``runtime``.
"""

from typing import ClassVar

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event
from dropship.contracts.moments import Moment


class WorkStarted(Event, frozen=True, kw_only=True):
    """A worker has taken the command up; `attempt` counts from 1."""

    owner: ClassVar[str] = "runtime"
    job_id: Id
    command_id: Id
    command: str
    attempt: int


class WorkRetried(Event, frozen=True, kw_only=True):
    """The world was ill; the command is tried again not before `next_at`."""

    owner: ClassVar[str] = "runtime"
    job_id: Id
    command_id: Id
    command: str
    attempt: int
    next_at: Moment
    reason: str


class WorkFailed(Event, frozen=True, kw_only=True):
    """The command was given up and parked: terminal for its job."""

    owner: ClassVar[str] = "runtime"
    job_id: Id
    command_id: Id
    command: str
    reason: str
