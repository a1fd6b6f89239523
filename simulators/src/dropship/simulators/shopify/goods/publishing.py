"""`publishablePublish`, `publishableUnpublish` and `productUpdate`: what a buyer can find."""

from dataclasses import replace
from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.catalogue import PUBLICATIONS
from dropship.simulators.shopify.goods.changing import Change, Payload, refused
from dropship.simulators.shopify.goods.finding import find_product
from dropship.simulators.shopify.goods.metafields import added
from dropship.simulators.shopify.goods.product import Product
from dropship.simulators.shopify.goods.saying_no import Denied, as_list, only
from dropship.simulators.shopify.goods.wording import WORDS, words_of
from dropship.simulators.shopify.graph.errors import NotSimulated

_KNOWN = WORDS | {"deleteConflictingConstrainedMetafields", "metafields"}
_NOTHING: dict[str, None] = {"publishable": None}


def publishable_publish(change: Change, args: dict[str, Any]) -> Payload:
    """Put a product on publications. A draft may be published too; nobody sees it yet."""
    try:
        product, meant = _meant(change, args)
    except Denied as no:
        return refused(no.error, **_NOTHING)
    published_at = product.published_at if product.published else change.at
    change.commit(replace(product, published=product.published | meant, published_at=published_at))
    return {"publishable": change.catalogue.product(product.number), "userErrors": []}


def publishable_unpublish(change: Change, args: dict[str, Any]) -> Payload:
    try:
        product, meant = _meant(change, args)
    except Denied as no:
        return refused(no.error, **_NOTHING)
    left = product.published - meant
    published_at = product.published_at if left else None
    change.commit(replace(product, published=left, published_at=published_at))
    return {"publishable": change.catalogue.product(product.number), "userErrors": []}


def product_update(change: Change, args: dict[str, Any]) -> Payload:
    """The product's own fields; variants, files and stock are not touched by it."""
    wish = args.get("product") or args.get("input")
    if wish is None:
        raise NotSimulated("productUpdate without the argument product")
    only(wish, _KNOWN, "product")
    identifier = args.get("identifier") or {"id": wish.get("id")}
    product = find_product(change.catalogue, identifier, change.app)
    if product is None:
        return refused(Denied("Product does not exist", ("id",)).error, product=None)
    try:
        words = words_of(wish, product, change.catalogue, ())
        if wish.get("metafields") is not None:
            words |= added(change, product, as_list(wish["metafields"]))
    except Denied as no:
        return {"product": product, "userErrors": [no.error]}
    fresh = change.commit(replace(product, **words, updated_at=change.at))
    return {"product": fresh, "userErrors": []}


def _meant(change: Change, args: dict[str, Any]) -> tuple[Product, frozenset[int]]:
    product = change.catalogue.product(number_in(args["id"], "Product"))
    if product is None:
        raise Denied("Product does not exist", ("id",))
    numbers = set()
    for index, one in enumerate(as_list(args["input"])):
        number = number_in(one.get("publicationId"), "Publication")
        if number not in PUBLICATIONS:
            message = "Publication does not exist or is not publishable"
            raise Denied(message, ("input", str(index), "publicationId"))
        numbers.add(number)
    return product, frozenset(numbers)
