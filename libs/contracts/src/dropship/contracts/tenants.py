"""Owner: gateway. A tenant is one seller's business: users, stores and watches belong to it."""

from typing import ClassVar

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event


class TenantOpened(Event, frozen=True, kw_only=True):
    """A seller signed up. No name and no address: personal data stays in the gateway's tables."""

    owner: ClassVar[str] = "gateway"
    tenant_id: Id
    tier: str = "free"
