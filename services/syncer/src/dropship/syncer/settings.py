"""What an operator tells the syncer."""

from pydantic import Field, ValidationInfo, field_validator

from dropship.runtime.settings import PREFIX, ServiceSettings

SHOPIFY = "https://{shop}.myshopify.com"


class SyncerSettings(ServiceSettings):
    """The syncer's own knobs; the rest is every service's. It seals, so it needs a seal key."""

    freshness_lease_s: float = Field(
        10_800, gt=0, description="seconds without an agreeing look after which a listing is held"
    )
    poll_orders_every_s: float = Field(
        60, gt=0, description="seconds between two readings of a store's orders"
    )
    check_listings_every_s: float = Field(
        3600, gt=0, description="seconds between two readings of a listing on its marketplace"
    )
    calls_at_once: int = Field(
        4, ge=1, le=64, description="calls to one marketplace at once in this process, 1 to 64"
    )
    shopify_base_url: str = Field(
        SHOPIFY, description=f"{SHOPIFY}, or in development any URL with {{shop}} in it"
    )

    @field_validator("shopify_base_url")
    @classmethod
    def _only_in_development(cls, value: str, given: ValidationInfo) -> str:
        if value != SHOPIFY and not given.data.get("development"):
            raise ValueError(f"another address than Shopify's needs {PREFIX}DEVELOPMENT")
        if "{shop}" not in value:
            raise ValueError("it has no {shop} in it")
        return value
