"""Which product of which source a user means, and what is wrong when that cannot be told.

The user may name an Amazon product by `asin` (and `site`), or any supplier's product by `supplier`
and `id`. Suppliers are those that registered themselves; nothing here knows them by heart, except
that an ASIN is Amazon's.
"""

import re
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from dropship.contracts.ids import instance_of, plugin_of, tenant_of

ASIN = re.compile(r"[A-Z0-9]{10}")
ASIN_FIX = "ten capital letters or digits as in the product's address, for example B0DGHRT7PQ"
_FEED_NAME = re.compile(r"[a-z0-9]{1,32}")
_TENANT_HEX = re.compile(r"[0-9a-f]{32}")
_ASIN_PLUGIN = "amazon"


class Supplier(Struct, frozen=True, kw_only=True):
    """A supplier as it registered itself."""

    plugin: str
    sources: tuple[str, ...]
    default_source: str | None
    per_tenant: bool
    id_pattern: str
    id_example: str


class Wish(Struct, frozen=True, kw_only=True):
    """What the user wrote; None where nothing was written."""

    asin: str | None = None
    site: str | None = None
    supplier: str | None = None
    id: str | None = None
    variant: str | None = None


class Target(Struct, frozen=True, kw_only=True):
    """The one product that is meant."""

    source: str
    external_id: str
    variant: str = ""


class Mistake(Struct, frozen=True):
    """What is wrong with one parameter, and what to write instead."""

    field: str
    detail: str
    fix: str


class Mistaken(Exception):
    """The wish names no product."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(f"{m.field} {m.detail}" for m in mistakes))
        self.mistakes = mistakes


class NobodyRegistered(Exception):
    """No supplier has registered yet, so no name can be right or wrong: try again soon."""


def check(wish: Wish) -> None:
    """Refuse what is wrong whatever suppliers there are. Raises Mistaken."""
    mistakes: list[Mistake] = []
    if wish.asin is not None:
        mistakes += [
            Mistake(name, "cannot stand together with asin", f"leave out {name} or asin")
            for name in ("supplier", "id")
            if getattr(wish, name) is not None
        ]
        if not ASIN.fullmatch(wish.asin):
            mistakes.append(Mistake("asin", "is not an ASIN", ASIN_FIX))
    elif wish.supplier is None and wish.id is None:
        mistakes.append(Mistake("asin", "is missing", f"{ASIN_FIX}; or give supplier and id"))
    else:
        mistakes += [
            Mistake(name, "is missing", "give supplier and id together")
            for name in ("supplier", "id")
            if getattr(wish, name) is None
        ]
        if wish.site is not None:
            mistakes.append(
                Mistake("site", "goes with asin only", "leave it out, name the site in supplier")
            )
    if mistakes:
        raise Mistaken(*mistakes)


def resolve(wish: Wish, suppliers: Sequence[Supplier], tenant: str) -> Target:
    """The product that the wish names. Raises Mistaken, or NobodyRegistered."""
    check(wish)
    if not suppliers:
        raise NobodyRegistered
    if wish.asin is not None:
        source, external_id = _amazon_source(wish.site, suppliers), wish.asin
    else:
        source, external_id = _source(wish.supplier or "", suppliers, tenant), wish.id or ""
    plugin = next(s for s in suppliers if s.plugin == plugin_of(source))
    if not re.fullmatch(plugin.id_pattern, external_id):
        raise Mistaken(
            Mistake(
                "asin" if wish.asin is not None else "id",
                f"is not an id of {plugin.plugin}",
                f"it matches {plugin.id_pattern}, for example {plugin.id_example}",
            )
        )
    return Target(source=source, external_id=external_id, variant=wish.variant or "")


def _amazon_source(site: str | None, suppliers: Sequence[Supplier]) -> str:
    amazon = next((s for s in suppliers if s.plugin == _ASIN_PLUGIN), None)
    if amazon is None:
        raise Mistaken(
            Mistake(
                "asin",
                "has no supplier here: the amazon plugin is not plugged in",
                _names(suppliers),
            )
        )
    if site is None:
        if amazon.default_source is None:
            raise Mistaken(Mistake("site", "is missing", _sites(amazon)))
        return amazon.default_source
    source = f"{_ASIN_PLUGIN}-{site.replace('.', '-')}"
    if source not in amazon.sources:
        raise Mistaken(Mistake("site", "is not a known site", _sites(amazon)))
    return source


def _source(name: str, suppliers: Sequence[Supplier], tenant: str) -> str:
    for supplier in suppliers:
        if name in supplier.sources:
            return name
        if name == supplier.plugin and supplier.default_source is not None:
            return supplier.default_source
        if supplier.per_tenant and plugin_of(name) == supplier.plugin:
            own = _own_instance(supplier.plugin, name, tenant)
            if own is not None:
                return own
    raise Mistaken(Mistake("supplier", "is not a known supplier", _names(suppliers)))


def _own_instance(plugin: str, name: str, tenant: str) -> str | None:
    """The tenant's own instance: its full name, its short one, or the plugin's for the default."""
    if name == plugin:
        return instance_of(plugin, tenant)
    _, first, *more = name.split("-")
    if _TENANT_HEX.fullmatch(first):
        ours = tenant_of(name) == str(UUID(tenant)) and len(more) <= 1
        return name if ours and all(map(_FEED_NAME.fullmatch, more)) else None
    if more or not _FEED_NAME.fullmatch(first):
        return None
    return instance_of(plugin, tenant, first)


def _names(suppliers: Sequence[Supplier]) -> str:
    names = [name for s in suppliers for name in (s.plugin, *s.sources)]
    names += [f"{s.plugin}-<name of your own>" for s in suppliers if s.per_tenant]
    return "one of " + ", ".join(names)


def _sites(amazon: Supplier) -> str:
    return "one of " + ", ".join(
        source.removeprefix(f"{_ASIN_PLUGIN}-").replace("-", ".") for source in amazon.sources
    )
