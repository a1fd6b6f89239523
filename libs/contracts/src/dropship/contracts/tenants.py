"""Owner: gateway. A tenant is one seller's business: users, stores and watches belong to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event


class Tier(StrEnum):
    """What a tenant has subscribed to."""

    free = "free"
    pro = "pro"
    enterprise = "enterprise"


class Quota(Struct, frozen=True, kw_only=True):
    """How much of everything a tier may have at once; each owner keeps to its own part."""

    stores: int
    listings: int
    policies: int
    api_keys: int
    requests_per_minute: int


QUOTAS: Mapping[str, Quota] = {
    Tier.free: Quota(stores=2, listings=100, policies=5, api_keys=5, requests_per_minute=600),
    Tier.pro: Quota(
        stores=10, listings=10_000, policies=50, api_keys=50, requests_per_minute=3_000
    ),
    Tier.enterprise: Quota(
        stores=1_000, listings=1_000_000, policies=1_000, api_keys=500, requests_per_minute=30_000
    ),
}


class TenantOpened(Event, frozen=True, kw_only=True):
    """A seller signed up. No name and no address: personal data stays in the gateway's tables."""

    owner: ClassVar[str] = "gateway"
    tenant_id: Id
    tier: str = "free"
