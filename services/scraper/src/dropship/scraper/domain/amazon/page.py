"""An Amazon page as a tree, and what kind of page it is: the question before all others."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from dropship.scraper.domain.amazon.sites import parts_of
from dropship.scraper.domain.reading import Page, PageKind

_CHARSET = re.compile(rb"charset=[\"']?([A-Za-z0-9_-]{3,20})")
_UNSEEN = dict.fromkeys(map(ord, "\0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_SCRIPTS = ["script", "style", "noscript", "template"]
PRODUCT = (
    "#dp, #productTitle, #ebooksProductTitle, #btAsinTitle, [id^='dmusic'],"
    " [data-feature-name^='dmusic']"
)
TITLES = (
    "#productTitle",
    "#ebooksProductTitle",
    "#btAsinTitle",
    "#dmusicProductTitle_feature_div h1",
    "[data-feature-name='dmusicProductTitle'] h1",
    "h1[data-automation-id='title']",
    "#title",
    "#dp h1",
    "[id^='dmusic'] h1",
)

_CHALLENGES = (
    "gokuProps",
    "awsWafCookieDomainList",
    ".token.awswaf.com",
    "challenges.cloudflare.com",
    "_Incapsula_Resource",
)
_NOT_FOUND = re.compile(
    r"couldn.t find that page|Dogs of Amazon|dogsofamazon|<title[^>]*>\s*(?:Page Not Found|404|"
    r"Seite nicht gefunden|Page introuvable|Pagina non trovata|Documento no encontrado)",
    re.IGNORECASE,
)
_RESULTS = (
    "[data-component-type='s-search-result'], [data-component-type='s-search-results'],"
    " #s-results-list-atf, #search .s-result-item"
)
_HOME = (
    "#gw-layout, #gateway, #desktop-grid-1, #gw-card-layout, #pageContent[data-page-type='Gateway']"
)


def html_of(page: Page) -> str:
    """The page's text. Undecodable bytes become replacement characters: damage must not raise."""
    declared = page.headers.get("content-type", "").encode() + b" " + page.body[:4096]
    match = _CHARSET.search(declared)
    try:
        return page.body.decode(match[1].decode() if match else "utf-8", errors="replace")
    except LookupError:
        return page.body.decode("utf-8", errors="replace")


def tree_of(html: str) -> LexborHTMLParser:
    """The tree without scripts and styles, whose text would mix with what people read."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(_SCRIPTS)
    return tree


def said(node: LexborNode | None) -> str:
    """All that a node says, with single blanks."""
    text = node.text(separator=" ") if node is not None else ""
    return " ".join(text.translate(_UNSEEN).split())


def first_said(root: LexborNode | LexborHTMLParser, selectors: Iterable[str]) -> str:
    """The first non-empty text that any of the selectors finds, in their order."""
    for selector in selectors:
        for node in root.css(selector):
            text = said(node)
            if text:
                return text
    return ""


def _blocked(html: str, page: Page) -> PageKind | None:
    if page.headers.get("cf-mitigated") == "challenge" or any(m in html for m in _CHALLENGES):
        return PageKind.js_challenge
    if "captchacharacters" in html or "/captcha/" in html:
        return PageKind.captcha
    if "validateCaptcha" in html or "opfcaptcha" in html:
        return PageKind.soft_block
    if page.status == 429:
        return PageKind.rate_limited
    if page.status == 403:
        return PageKind.forbidden
    return None


def _not_product(html: str, tree: LexborHTMLParser, page: Page) -> PageKind:
    """The first of the kinds that fits, from the surest sign to the weakest."""
    signs = (
        (PageKind.server_error, lambda: page.status >= 500),
        (PageKind.not_found, lambda: page.status == 404 or _NOT_FOUND.search(html)),
        (PageKind.gone, lambda: page.status == 410),
        (PageKind.search, lambda: tree.css_first(_RESULTS)),
        (PageKind.redirected_home, lambda: _is_home(tree, page)),
        (PageKind.empty_shell, lambda: not said(tree.body)),
        (PageKind.truncated, lambda: not is_whole(page)),
        (PageKind.soft_block, lambda: "api-services-support@amazon.com" in html),
    )
    blocked = _blocked(html, page)
    return blocked or next((kind for kind, is_so in signs if is_so()), PageKind.unknown_layout)


def _is_home(tree: LexborHTMLParser, page: Page) -> bool:
    canonical = tree.css_first("link[rel='canonical']")
    address = (canonical.attributes.get("href") if canonical is not None else None) or ""
    paths = [parts_of(url).path for url in (address, page.url) if url.startswith("http")]
    return tree.css_first(_HOME) is not None or (bool(paths) and paths[0] in {"", "/"})


def is_whole(page: Page) -> bool:
    """Whether the end of the document is there.

    A connection that breaks without a declared length looks like success: status 200, half a page.
    """
    return re.search(rb"</(?:html|body)\s*>", page.body, re.IGNORECASE) is not None


def kind_of(html: str, tree: LexborHTMLParser, page: Page) -> PageKind:
    """What kind of page this is. Structure makes a product page, never a good status alone."""
    if tree.css_first(PRODUCT) is None:
        return _not_product(html, tree, page)
    if page.status in {404, 410, 429, 403} or page.status >= 500:
        return _not_product(html, tree, page)
    if not is_whole(page):
        return PageKind.truncated
    return PageKind.ok if first_said(tree, TITLES) else PageKind.unknown_layout
