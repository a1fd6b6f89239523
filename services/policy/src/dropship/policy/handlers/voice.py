"""Whose a message is, and how policy speaks to one tenant of causes that are not that tenant's."""

from dataclasses import replace
from typing import Any

from dropship.runtime.errors import Unreadable
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause


def tenant_of(heard: Heard[Any]) -> str:
    """The tenant that the event belongs to. Raises Unreadable where it belongs to nobody."""
    if heard.envelope.tenant is None:
        raise Unreadable("it should name its tenant")
    return heard.envelope.tenant


def on_behalf_of(tenant: str, cause: Cause) -> Cause:
    """The same history, without the name of another tenant's user.

    A product's facts serve everyone who watches it, and begin with whoever imported it.
    """
    actor = cause.actor if cause.tenant == tenant else None
    return replace(cause, tenant=tenant, actor=actor)
