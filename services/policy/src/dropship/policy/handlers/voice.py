"""Whose a message is."""

from typing import Any

from dropship.runtime.errors import Unreadable
from dropship.runtime.hearing import Heard


def tenant_of(heard: Heard[Any]) -> str:
    """The tenant that the event belongs to. Raises Unreadable where it belongs to nobody."""
    if heard.envelope.tenant is None:
        raise Unreadable("it should name its tenant")
    return heard.envelope.tenant
