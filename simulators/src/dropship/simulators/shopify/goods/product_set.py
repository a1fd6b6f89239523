"""`productSet`: create or replace a product with all its variants. What is left out is deleted."""

from dataclasses import replace
from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.catalogue import namespace_of
from dropship.simulators.shopify.goods.changing import Change, Payload, refused
from dropship.simulators.shopify.goods.finding import find_product, id_definition
from dropship.simulators.shopify.goods.metafields import check_unique, metafield_of
from dropship.simulators.shopify.goods.product import Metafield, Product
from dropship.simulators.shopify.goods.product_set_variants import options_of, set_variants
from dropship.simulators.shopify.goods.saying_no import Denied, as_list, only
from dropship.simulators.shopify.goods.wording import WORDS, words_of
from dropship.simulators.shopify.graph.errors import NotSimulated

_NOTHING: dict[str, None] = {"product": None, "productSetOperation": None}


_KNOWN = WORDS | {"files", "metafields", "productOptions", "variants"}


def product_set(change: Change, args: dict[str, Any]) -> Payload:
    only(args["input"], _KNOWN, "ProductSetInput")
    if args.get("synchronous") is False:
        raise NotSimulated("productSet with synchronous: false")
    try:
        product, touched = _wanted(change, args.get("identifier") or {}, args["input"])
    except Denied as no:
        return refused(no.error, **_NOTHING)
    change.commit(product, touched if args["input"].get("variants") is not None else ())
    return {"product": product, "productSetOperation": None, "userErrors": []}


def _wanted(
    change: Change, identifier: dict[str, Any], wish: dict[str, Any]
) -> tuple[Product, tuple[Any, ...]]:
    identifier = {name: value for name, value in identifier.items() if value is not None}
    old = _meant(change, identifier, wish)
    metafields = _metafields(change, identifier, wish, old)
    options = options_of(wish)
    product = old or _fresh(change, wish)
    product = replace(
        product,
        **words_of(wish, product, change.catalogue, ("input",)),
        updated_at=change.at,
        metafields=metafields,
        listing=next((m.value for m in metafields if m.type == "id"), None),
    )
    if wish.get("files") is not None:
        product = replace(product, files=_files(wish["files"]))
    if options is not None or old is None:
        variants = set_variants(change, product, options, wish)
        product = replace(product, options=options or _DEFAULT_OPTIONS, variants=variants)
    return product, product.variants


_DEFAULT_OPTIONS = (("Title", ("Default Title",)),)


def _meant(change: Change, identifier: dict[str, Any], wish: dict[str, Any]) -> Product | None:
    """The product that is there already; None where one is to be made."""
    if not identifier:
        if wish.get("id") is None:
            return None
        return _by_id(change, wish["id"], ("input", "id"))
    if wish.get("id") is not None:
        raise Denied(
            "The id field is not allowed if identifier is provided.",
            ("input", "id"),
            "ID_NOT_ALLOWED",
        )
    if "id" in identifier:
        return _by_id(change, identifier["id"], ("identifier", "id"))
    if "handle" in identifier and wish.get("handle") is None:
        raise Denied(
            "The input field corresponding to the identifier is required.",
            ("input", "handle"),
            "MISSING_FIELD_REQUIRED",
        )
    if "handle" in identifier and wish["handle"] != identifier["handle"]:
        raise Denied(
            "The identifier value does not match the value of the corresponding field.",
            ("input", "handle"),
            "INPUT_MISMATCH",
        )
    if (
        "customId" in identifier
        and id_definition(change.catalogue, identifier["customId"], change.app) is None
    ):
        raise Denied(
            "A metafield definition of type 'id' is required to identify a product by customId.",
            ("identifier", "customId"),
            "INVALID_METAFIELD",
        )
    return find_product(change.catalogue, identifier, change.app)


def _by_id(change: Change, id_: Any, field: tuple[str, ...]) -> Product:
    found = change.catalogue.product(number_in(id_, "Product"))
    if found is None:
        raise Denied("Product does not exist", field, "PRODUCT_DOES_NOT_EXIST")
    return found


def _fresh(change: Change, wish: dict[str, Any]) -> Product:
    title = str(wish.get("title") or "").strip()
    if not title:
        raise Denied("Title can't be blank", ("input", "title"), "INVALID_PRODUCT")
    return Product(
        number=change.catalogue.next_number("Product"),
        title=title,
        slug=change.catalogue.free_slug(title),
        created_at=change.at,
        updated_at=change.at,
    )


def _metafields(
    change: Change, identifier: dict[str, Any], wish: dict[str, Any], old: Product | None
) -> tuple[Metafield, ...]:
    """Given ones replace all others, but a customId is part of them or stays as it is."""
    custom, given = identifier.get("customId"), wish.get("metafields")
    kept = old.metafields if old is not None else ()
    if given is None:
        if custom is None or any(_is(field, custom, change.app) for field in kept):
            return kept
        return (*kept, metafield_of(change, custom))
    fresh = tuple(metafield_of(change, one) for one in as_list(given))
    if custom is not None and not any(
        _is(field, custom, change.app) and field.value == str(custom["value"]) for field in fresh
    ):
        raise Denied(
            "The input argument `metafields` must contain the `customId` value.",
            ("input", "metafields"),
            "METAFIELD_MISMATCH",
        )
    for field in fresh:
        check_unique(change, field, old)
    return fresh


def _is(field: Metafield, custom: dict[str, Any], app: int) -> bool:
    place = namespace_of(custom.get("namespace"), app), custom["key"]
    return (field.namespace, field.key) == place


def _files(written: Any) -> tuple[str, ...]:
    files = []
    for index, one in enumerate(as_list(written)):
        source = one.get("originalSource")
        if one.get("id") is not None:
            files.append(str(one["id"]))
        elif isinstance(source, str) and source.startswith(("https://", "http://")):
            files.append(source)
        else:
            place = ("input", "files", str(index), "originalSource")
            raise Denied("File URL is invalid", place, "INVALID_INPUT")
    return tuple(files)
