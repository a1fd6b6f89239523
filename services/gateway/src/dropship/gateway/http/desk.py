"""What the routes work with, put together once by `app.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from dropship.contracts.tenants import Tier
from dropship.gateway.adapters.passwords import Passwords
from dropship.gateway.http.callers import Callers
from dropship.gateway.http.limits import Limit
from dropship.gateway.http.tokens import Keyring
from dropship.runtime.asking import Asker
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Limits:
    """Who may ask how often: a tenant anything, an address sign-ins, and both for one account.

    `tenants` has a limit for each tier; it counts every tenant for itself.
    """

    tenants: Mapping[Tier, Limit]
    address: Limit
    account: Limit


@dataclass(frozen=True)
class Desk:
    """Everything a route may use."""

    database: Database
    asker: Asker
    clock: Clock
    passwords: Passwords
    keyring: Keyring
    callers: Callers
    limits: Limits
    new_tenant_tier: Tier = Tier.free
    trusted_proxies: Sequence[Network] = ()
    max_body_bytes: int = 65_536
