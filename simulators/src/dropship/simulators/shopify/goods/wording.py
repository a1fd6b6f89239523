"""The plain fields of a product, which `productSet` and `productUpdate` write alike."""

from typing import Any

from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.product import Product
from dropship.simulators.shopify.goods.saying_no import Denied, as_list

STATUSES = ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED")
_PLAIN = {
    "descriptionHtml": "description_html",
    "vendor": "vendor",
    "productType": "product_type",
    "status": "status",
}
MAX_TITLE = 255
_FORGOTTEN = {"seo", "templateSuffix", "redirectNewHandle", "requiresSellingPlan", "giftCard"}
WORDS = frozenset({*_PLAIN, *_FORGOTTEN, "id", "title", "tags", "handle"})
"""What is taken; of it, what nobody can read here is forgotten."""


def words_of(
    wish: dict[str, Any], product: Product, catalogue: Catalogue, at: tuple[str, ...]
) -> dict[str, Any]:
    """The members of `Product` that the wish names; what it leaves out stays as it is."""
    words: dict[str, Any] = {
        member: wish[name] for name, member in _PLAIN.items() if wish.get(name) is not None
    }
    if words.get("status", product.status) not in STATUSES:
        raise Denied("Status is not included in the list", (*at, "status"), "INVALID_PRODUCT")
    if wish.get("title") is not None:
        words["title"] = _title(str(wish["title"]), at)
    if wish.get("tags") is not None:
        words["tags"] = tuple(sorted({str(tag).strip() for tag in as_list(wish["tags"])}))
    if wish.get("handle") is not None:
        words["slug"] = _slug(str(wish["handle"]), product, catalogue, at)
    return words


def _title(title: str, at: tuple[str, ...]) -> str:
    if not title.strip():
        raise Denied("Title can't be blank", (*at, "title"), "INVALID_PRODUCT")
    if len(title) > MAX_TITLE:
        raise Denied(
            f"Title is too long (maximum is {MAX_TITLE} characters)",
            (*at, "title"),
            "INVALID_PRODUCT",
        )
    return title.strip()


def _slug(slug: str, product: Product, catalogue: Catalogue, at: tuple[str, ...]) -> str:
    owner = catalogue.by_slug(slug)
    if owner is not None and owner.number != product.number:
        message = f"Handle '{slug}' already in use. Please provide a new handle."
        raise Denied(message, (*at, "handle"), "HANDLE_NOT_UNIQUE")
    return slug
