"""Names of things: how they are made, and which characters they may hold.

Every id travels in NATS subjects and URLs, so nothing but ``[A-Za-z0-9_-]`` is allowed, and it is
checked where it enters (gateway, plugins), not where it is used. The patterns end in ``$(?!\\n)``
because Python's ``$`` also matches before a line break at the end; JSON Schema's does not.
"""

import secrets
import time
from typing import Annotated
from uuid import UUID, uuid5
from zlib import crc32

from msgspec import Meta

PARTITIONS = 16
"""How many partitions every stream has. Wire law: changing it breaks the order of every product."""

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)")]
"""An id that we made: a UUID in its canonical text form, or a name of ours."""

ExternalId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$(?!\n)")]
"""A supplier's own name for a thing."""

Source = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=128)]
"""Plugin plus site or instance: ``amazon-de``, ``amazon-co-uk``, ``feed-<tenant>[-<name>]``."""

PRODUCTS = UUID("6f1b7c5e-3c39-5e0c-9a64-0d6d5b9b8c11")


def product_id(source: str, external_id: str, variant: str = "") -> str:
    """The one id of a supplier's product, the same for every tenant who watches it."""
    return str(uuid5(PRODUCTS, f"{source}\n{external_id}\n{variant}"))


def plugin_of(source: str) -> str:
    """The supplier plugin that reads a source: ``amazon`` for ``amazon-de``."""
    return source.split("-", 1)[0]


def instance_of(plugin: str, tenant: str, name: str = "") -> str:
    """A tenant's own source of a per-tenant plugin; without a name, the tenant's default one."""
    return "-".join(filter(None, (plugin, UUID(tenant).hex, name)))


def tenant_of(source: str) -> str | None:
    """The one tenant who may watch this source's products, or None where it is open to all."""
    parts = source.split("-")
    if len(parts) > 1 and len(parts[1]) == 32:
        try:
            return str(UUID(hex=parts[1]))
        except ValueError:
            return None
    return None


def partition_of(key: str) -> int:
    """The partition of an aggregate's key, 0 to 15. Wire law."""
    return crc32(key.encode()) % PARTITIONS


def uuid7() -> UUID:
    """A new time-ordered id (RFC 9562): milliseconds first, then 74 random bits.

    Ids made here are for what nobody can derive. Anything that might be said twice after a crash
    must take a derived id (`uuid5`) instead.
    """
    millis = time.time_ns() // 1_000_000
    drawn = secrets.randbits(74)
    value = (millis & (1 << 48) - 1) << 80 | 0x7 << 76
    value |= drawn >> 62 << 64 | 0b10 << 62 | drawn & (1 << 62) - 1
    return UUID(int=value)
