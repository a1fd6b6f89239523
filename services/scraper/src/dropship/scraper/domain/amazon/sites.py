"""The Amazon sites: what each sells in, and how its pages write numbers."""

import re
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct


class Site(Struct, frozen=True):
    """One national site. `domain` is what follows ``amazon.``; `mark` is its decimal mark."""

    domain: str
    currency: str
    mark: str

    @property
    def source(self) -> str:
        """The name of this site among all sources: ``amazon-co-uk``."""
        return "amazon-" + self.domain.replace(".", "-")


SITES = {
    site.domain: site
    for site in (
        Site("com", "USD", "."),
        Site("co.uk", "GBP", "."),
        Site("de", "EUR", ","),
        Site("fr", "EUR", ","),
        Site("it", "EUR", ","),
        Site("es", "EUR", ","),
        Site("co.jp", "JPY", "."),
        Site("in", "INR", "."),
        Site("ca", "CAD", "."),
        Site("com.au", "AUD", "."),
        Site("nl", "EUR", ","),
        Site("com.be", "EUR", ","),
        Site("ie", "EUR", "."),
        Site("pl", "PLN", ","),
        Site("se", "SEK", ","),
        Site("com.br", "BRL", ","),
        Site("com.mx", "MXN", "."),
        Site("com.tr", "TRY", ","),
        Site("sg", "SGD", "."),
        Site("ae", "AED", "."),
        Site("sa", "SAR", "."),
    )
}

SUPPORTED = ("com", "co.uk", "de", "fr", "it", "es", "co.jp", "in", "ca", "com.au")
"""Sites that have a source of their own; the others are only read when a saved page is given."""

_HOST = re.compile(r"(?:^|\.)amazon\.([a-z.]{2,6})$")
_LANGUAGES = {"en-us": "com", "en-gb": "co.uk", "de-de": "de", "fr-fr": "fr", "it-it": "it"}
_LANGUAGES |= {"es-es": "es", "ja-jp": "co.jp", "en-in": "in", "en-ca": "ca", "en-au": "com.au"}
_COMMA = frozenset({"de", "fr", "it", "es", "nl", "pl", "sv", "tr", "pt"})
_POINT = frozenset({"es-us", "es-mx"})


def parts_of(url: str | None) -> SplitResult:
    """An address taken apart; what cannot be is as good as none."""
    try:
        return urlsplit(url or "")
    except ValueError:
        return urlsplit("")


def site_of_url(url: str | None) -> Site | None:
    """The site that an address belongs to, if it is one of Amazon's."""
    match = _HOST.search(parts_of(url).hostname or "")
    return SITES.get(match[1]) if match else None


def site_of_source(source: str) -> Site | None:
    """The site behind ``amazon-co-uk``, or None for a source that is none of Amazon's."""
    if not source.startswith("amazon-"):
        return None
    return SITES.get(source.removeprefix("amazon-").replace("-", "."))


def site_of_language(locale: str | None) -> Site | None:
    """The site whose own language a page speaks: the last resort for a page without an address."""
    return SITES.get(_LANGUAGES.get((locale or "").lower(), ""))


def mark_of(site: Site, locale: str | None) -> str:
    """The decimal mark of a page: its language decides, as amazon.de also speaks English."""
    spoken = (locale or "").lower()
    if not spoken:
        return site.mark
    return "," if spoken.split("-")[0] in _COMMA and spoken not in _POINT else "."
