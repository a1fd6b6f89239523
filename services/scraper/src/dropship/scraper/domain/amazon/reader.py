"""From an Amazon product page to a reading: gate, identity, offer, then what surrounds it."""

import json
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from dropship.contracts.offers import Flag
from dropship.scraper.domain.amazon.offer import Offer, offer_of
from dropship.scraper.domain.amazon.page import (
    TITLES,
    first_said,
    html_of,
    kind_of,
    said,
    tree_of,
)
from dropship.scraper.domain.amazon.prices import Tongue, struck
from dropship.scraper.domain.amazon.sites import (
    SITES,
    Site,
    mark_of,
    parts_of,
    site_of_language,
    site_of_source,
    site_of_url,
)
from dropship.scraper.domain.amounts import count_in, number_in
from dropship.scraper.domain.reading import Look, NoReading, Page, PageKind, Reading

ASIN = re.compile(r"^[A-Z0-9]{10}$")
IMAGES_MAX = 30

_PATH = re.compile(r"/(?:dp|gp/product|gp/aw/d|product)/([A-Z0-9]{10})(?:[/?]|$)")
_PICTURES = re.compile(r"['\"]colorImages['\"]\s*:\s*\{\s*['\"]initial['\"]\s*:\s*(?=\[)")
_GALLERY = re.compile(r"['\"]imageGalleryData['\"]\s*:\s*(?=\[)")
_PICTURE = re.compile(r"^https://[A-Za-z0-9._~%/+=,:-]+$")
_SELLERS = (
    "#sellerProfileTriggerId",
    "#merchantInfoFeature_feature_div .offer-display-feature-text-message",
    "#merchant-info a",
)
_BY = re.compile(
    r"(?:sold by|verkauf(?:t)? (?:und versand )?(?:durch|von)|vendu par|venduto (?:e spedito )?da"
    r"|vendido (?:y enviado )?por|verkocht (?:en verzonden )?door)\s+(.{1,100}?)"
    r"(?=\s+(?:and|und|et|e|y|en)\s|\s*\.?$|\.\s)",
    re.IGNORECASE,
)
_OWN = re.compile(r"^amazon(?:$|[.\s])", re.IGNORECASE)


def asin_in(url: str | None) -> str | None:
    """The ASIN that an address asks for, or None."""
    match = _PATH.search(parts_of(url).path)
    return match[1] if match else None


def _attribute(root: LexborHTMLParser | LexborNode, selector: str, name: str) -> str:
    node = root.css_first(selector)
    return (node.attributes.get(name) if node is not None else None) or ""


def _asin_of(tree: LexborHTMLParser, url: str) -> str | None:
    stated = (
        _attribute(tree, "input#ASIN", "value"),
        _attribute(tree, "input[name='ASIN'], input[name='ASIN.0']", "value"),
        asin_in(_attribute(tree, "link[rel='canonical']", "href")) or "",
        _attribute(tree, "#averageCustomerReviews", "data-asin"),
        asin_in(url) or "",
    )
    return next((asin for asin in stated if ASIN.match(asin)), None)


def _site_of(tree: LexborHTMLParser, url: str, source: str, locale: str | None) -> Site:
    """The page's own address first, then what it says of itself, then what was asked for."""
    canonical = _attribute(tree, "link[rel='canonical']", "href")
    return (
        site_of_url(url)
        or site_of_url(canonical)
        or site_of_source(source)
        or site_of_language(locale)
        or SITES["com"]
    )


def _listed_pictures(html: str) -> Iterator[str]:
    for pattern, keys in ((_PICTURES, ("hiRes", "large", "thumb")), (_GALLERY, ("mainUrl",))):
        match = pattern.search(html)
        if match is None:
            continue
        try:
            pictures, _ = json.JSONDecoder().raw_decode(html, match.end())
        except (ValueError, RecursionError):
            continue
        for picture in pictures:
            if isinstance(picture, dict):
                yield next((str(picture[k]) for k in keys if picture.get(k)), "")


def _shown_pictures(tree: LexborHTMLParser) -> Iterator[str]:
    for image in tree.css("#landingImage, #imgBlkFront, #ebooksImgBlkFront, #imgTagWrapperId img"):
        sizes = image.attributes.get("data-a-dynamic-image") or ""
        largest = re.findall(r'"(https://[^"]+)"', sizes)[-1:]
        yield (
            image.attributes.get("data-old-hires")
            or (largest[0] if largest else None)
            or image.attributes.get("src")
            or ""
        )


def _images(html: str, tree: LexborHTMLParser) -> tuple[str, ...]:
    for found in (_listed_pictures(html), _shown_pictures(tree)):
        images = dict.fromkeys(url for url in found if _PICTURE.match(url))
        if images:
            return tuple(images)[:IMAGES_MAX]
    return ()


def _line(node: LexborNode | None) -> str:
    """A line about the seller; cells that hold their text twice, whole and cut, give it once."""
    cells = [said(cell) for cell in node.css(".a-truncate-full")] if node is not None else []
    return (" ".join(cells) or said(node)).replace(": ", " ")


def _seller(offer: Offer) -> str | None:
    if offer.scope is None or offer.method in {"out", "elsewhere"}:
        return None
    named = first_said(offer.scope, _SELLERS)
    if named:
        return named[:120]
    for selector in ("#merchant-info", "#tabular-buybox-container", "[id^='sfsb_accordion_head']"):
        match = _BY.search(_line(offer.scope.css_first(selector)))
        if match:
            return match[1].strip()[:120]
    return None


def _ship_to(tree: LexborHTMLParser) -> str | None:
    place = first_said(
        tree,
        (
            "#contextualIngressPtLabel_deliveryShortLine span:last-child",
            "#contextualIngressPtLabel_deliveryShortLine",
            "#glow-ingress-line2",
        ),
    )
    return place[:64] or None


def _flags(offer: Offer, seller: str | None, asin: str, asked: str) -> tuple[Flag, ...]:
    flags = list(offer.flags)
    if seller is not None and not _OWN.match(seller):
        flags.append(Flag.third_party)
    if asked and asked != asin:
        flags.append(Flag.other_product)
    return tuple(flags)


def _reading(html: str, tree: LexborHTMLParser, page: Page, look: Look) -> Reading | NoReading:
    asin = _asin_of(tree, page.url)
    if asin is None:
        return NoReading(kind=PageKind.unknown_layout, detail="no ASIN on the page")
    locale = _attribute(tree, "html", "lang").lower()[:16] or None
    site = _site_of(tree, page.url, look.source, locale)
    tongue = Tongue(mark_of(site, locale), site.currency)
    offer = offer_of(tree, tongue)
    seller = _seller(offer)
    return Reading(
        external_id=asin,
        title=first_said(tree, TITLES)[:1000],
        availability=offer.stock.availability,
        price=offer.price,
        list_price=struck(tree, offer.price, tongue),
        quantity=offer.stock.quantity,
        quantity_kind=offer.stock.quantity_kind,
        ships_in_days=offer.stock.ships_in_days,
        flags=_flags(offer, seller, asin, look.external_id),
        seller=seller,
        rating=_rating(tree, tongue.mark),
        review_count=_review_count(tree),
        images=_images(html, tree),
        url=f"https://www.amazon.{site.domain}/dp/{asin}",
        locale=locale,
        ship_to=_ship_to(tree),
        method=offer.method,
    )


def _rating(tree: LexborHTMLParser, mark: str) -> str | None:
    """``4,7 von 5 Sternen`` → 4.7. In Japanese and Turkish the scale stands first."""
    text = _attribute(tree, "#acrPopover", "title") or first_said(
        tree, ("#averageCustomerReviews .a-icon-alt",)
    )
    runs = re.findall(r"\d(?:[.,]\d{1,2})?", text)
    fine = [run for run in runs if len(run) > 1] or runs
    value = number_in(fine[0], mark) if fine else None
    return f"{value:.1f}" if value is not None and 0 < value <= 5 else None


def _review_count(tree: LexborHTMLParser) -> int | None:
    """How many reviews; the shown number may be rounded where the spoken one is not."""
    for node in tree.css("#acrCustomerReviewText"):
        for text in (said(node), node.attributes.get("aria-label") or ""):
            count = count_in(text)
            if count is not None:
                return count
    return None


def read(page: Page, look: Look) -> Reading | NoReading:
    """What a page of Amazon says. Never raises, whatever the bytes: damage is a kind of page.

    A page that shows another ASIN than the one looked for is flagged `other_product`.
    """
    html = html_of(page)
    tree = tree_of(html)
    kind = kind_of(html, tree, page)
    if kind is not PageKind.ok:
        return NoReading(kind=kind, detail=f"status {page.status}, {len(page.body)} bytes")
    return _reading(html, tree, page, look)
