"""What an operator may set for the gateway: every knob, its default and its unit."""

import base64
import binascii
from ipaddress import ip_network
from typing import NamedTuple

from pydantic import Field, SecretStr, field_validator, model_validator

from dropship.contracts.tenants import Tier
from dropship.runtime.settings import ServiceSettings

_KEY_BYTES = 32


class TokenKeys(NamedTuple):
    """Secrets that token keys are derived from: today's, and those that only verify."""

    today: bytes
    earlier: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "TokenKeys(…)"


def _keys_in(value: SecretStr) -> list[bytes]:
    try:
        texts = filter(None, map(str.strip, value.get_secret_value().split(",")))
        return [base64.b64decode(text, validate=True) for text in texts]
    except binascii.Error:
        raise ValueError("it is not base64") from None


class GatewaySettings(ServiceSettings):
    """The gateway's own settings, besides those of every service.

    The limits hold for one replica each: with two replicas a tenant gets twice as much.
    """

    port: int = Field(8000, ge=0, le=65535, description="a port, or 0 for any free one")
    token_key: SecretStr = Field(
        SecretStr(""),
        description="32 random bytes in base64 that sign access tokens; unset: the seal key",
    )
    older_token_keys: SecretStr = Field(
        SecretStr(""), description="earlier token keys, separated by commas; they only verify"
    )
    trusted_proxies: str = Field(
        "",
        description="networks like 10.0.0.0/8, separated by commas, whose X-Forwarded-For is true",
    )
    new_tenant_tier: Tier = Field(
        Tier.free, description="what a new tenant has: free, pro or enterprise"
    )
    tenant_requests_per_minute: int | None = Field(
        None, ge=1, description="requests of one tenant in a minute; unset: what its tier grants"
    )
    tenant_burst: int = Field(
        1_000, ge=1, description="requests of one tenant at once, never more than in a minute"
    )
    sign_ins_per_minute: int = Field(
        10, ge=1, description="sign-ins of one address to one account in a minute, at least 1"
    )
    address_sign_ins_per_minute: int = Field(
        300, ge=1, description="sign-ups, sign-ins and refreshes of one address in a minute"
    )
    max_body_bytes: int = Field(65_536, ge=1_024, le=1_048_576, description="1024 to 1048576")

    @field_validator("token_key", "older_token_keys")
    @classmethod
    def _are_token_keys(cls, value: SecretStr) -> SecretStr:
        for key in _keys_in(value):
            if len(key) != _KEY_BYTES:
                raise ValueError("it is not 32 bytes in base64")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for text in filter(None, map(str.strip, value.split(","))):
            ip_network(text)
        return value

    @property
    def token_keys(self) -> TokenKeys:
        """What signs and verifies: keys of their own, or else the seal keys."""
        if self.token_key.get_secret_value():
            return TokenKeys(_keys_in(self.token_key)[0], tuple(_keys_in(self.older_token_keys)))
        return TokenKeys(_keys_in(self.seal_key)[0], tuple(_keys_in(self.older_seal_keys)))

    @model_validator(mode="after")
    def _can_sign(self) -> "GatewaySettings":
        if not (self.token_key.get_secret_value() or self.seal_key.get_secret_value()):
            raise ValueError("DROPSHIP_TOKEN_KEY or DROPSHIP_SEAL_KEY is needed to sign tokens")
        return self
