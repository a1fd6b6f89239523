"""Owners: gateway asks, tracker concludes. An import ends once for every job, come what may."""

from typing import ClassVar

from dropship.contracts.ids import ExternalId, Id, Source
from dropship.contracts.messages import Event


class ImportRequested(Event, frozen=True, kw_only=True):
    """A user wants a supplier's product. Keyed by the job, so it stands before its cancellation."""

    owner: ClassVar[str] = "gateway"
    job_id: Id
    source: Source
    external_id: ExternalId
    variant: str = ""


class ImportCompleted(Event, frozen=True, kw_only=True):
    """The product is known and watched. Said for every pending import, even if nothing changed."""

    owner: ClassVar[str] = "tracker"
    job_id: Id
    product_id: Id


class ImportFailed(Event, frozen=True, kw_only=True):
    """The product could not be brought in.

    `reason` is one of the closed list of failures or refusals.
    """

    owner: ClassVar[str] = "tracker"
    job_id: Id
    reason: str
    detail: str = ""


COMPLETES = {"import": ImportCompleted}
"""The event that completes each kind of job."""
