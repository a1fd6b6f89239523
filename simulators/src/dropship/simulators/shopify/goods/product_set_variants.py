"""The variants a `productSet` wishes for: matched with those there, made, or dropped."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.catalogue import LOCATION
from dropship.simulators.shopify.goods.changing import Change
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.saying_no import Denied, as_list, only
from dropship.simulators.shopify.graph.errors import NotSimulated
from dropship.simulators.shopify.money import amount_in, to_cents

Options = tuple[tuple[str, tuple[str, ...]], ...]
MAX_VARIANTS = 2_048
MAX_OPTIONS = 3
MAX_QUANTITY = 1_000_000_000
_ALONE = (("Title", "Default Title"),)


def options_of(wish: dict[str, Any]) -> Options | None:
    """Options and variants come together or not at all."""
    given, variants = wish.get("productOptions"), wish.get("variants")
    if given is None and variants is None:
        return None
    if given is None:
        message = "Must specify product options when updating variants."
        raise Denied(message, ("input", "productOptions"), "PRODUCT_OPTIONS_INPUT_MISSING")
    if variants is None:
        message = "Must specify variants when updating options."
        raise Denied(message, ("input", "variants"), "VARIANTS_INPUT_MISSING")
    options = tuple(_option(index, one) for index, one in enumerate(as_list(given)))
    if len(options) > MAX_OPTIONS:
        raise Denied("Options over limit.", ("input", "productOptions"), "OPTIONS_OVER_LIMIT")
    if len({name for name, _ in options}) < len(options):
        message = "Duplicated option name."
        raise Denied(message, ("input", "productOptions"), "DUPLICATED_OPTION_NAME")
    return options


def _option(index: int, one: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    place = ("input", "productOptions", str(index))
    values = tuple(str(value.get("name")) for value in as_list(one.get("values")))
    if not one.get("name"):
        raise Denied("Option name can't be blank", (*place, "name"), "INVALID_INPUT")
    if not values:
        message = "Each option must have at least one option value specified."
        raise Denied(message, (*place, "values"), "OPTION_VALUES_MISSING")
    if len(set(values)) < len(values):
        raise Denied("Duplicated option value.", (*place, "values"), "DUPLICATED_OPTION_VALUE")
    return str(one["name"]), values


def set_variants(
    change: Change, product: Product, options: Options | None, wish: dict[str, Any]
) -> tuple[Variant, ...]:
    """All variants the product has from now on, in the order of the wish."""
    if options is None:
        return (_made(change, product, {}, _ALONE, ("input", "variants", "0")),)
    wishes = as_list(wish["variants"])
    if not wishes:
        message = "Must specify variants when updating options."
        raise Denied(message, ("input", "variants"), "VARIANTS_INPUT_MISSING")
    if len(wishes) > MAX_VARIANTS:
        message = "Number of product variants exceeds shop limit."
        raise Denied(message, ("input", "variants"), "VARIANTS_OVER_LIMIT")
    variants = tuple(
        _made(change, product, one, _choice(one, options, index), ("input", "variants", str(index)))
        for index, one in enumerate(wishes)
    )
    if len({v.options for v in variants}) < len(variants):
        message = "The variants have the same option values."
        raise Denied(message, ("input", "variants"), "INVALID_VARIANT")
    return variants


def _choice(one: dict[str, Any], options: Options, index: int) -> tuple[tuple[str, str], ...]:
    place = ("input", "variants", str(index), "optionValues")
    chosen = {str(c.get("optionName")): str(c.get("name")) for c in as_list(one["optionValues"])}
    for name, value in chosen.items():
        known = dict(options).get(name)
        if known is None:
            raise Denied("Option does not exist.", place, "OPTION_DOES_NOT_EXIST")
        if value not in known:
            raise Denied("Option value does not exist.", place, "OPTION_VALUE_DOES_NOT_EXIST")
    if len(chosen) != len(options):
        message = "A variant must have one value of each option."
        raise Denied(message, place, "INVALID_VARIANT")
    return tuple((name, chosen[name]) for name, _ in options)


def _made(
    change: Change,
    product: Product,
    one: dict[str, Any],
    choice: tuple[tuple[str, str], ...],
    at: tuple[str, ...],
) -> Variant:
    """The wished variant: the one of this id or of these option values, else a new one."""
    old, is_new = _old(product, one, choice, at), False
    if old is None:
        old = Variant(
            number=change.catalogue.next_number("ProductVariant"),
            options=choice,
            sku=None,
            price=to_cents(Decimal(0), change.currency),
            quantity=0,
            tracked=False,
            oversells=False,
            created_at=change.at,
            updated_at=change.at,
            place=LOCATION,
        )
        is_new = True
    wanted: dict[str, Any] = {"options": choice, **written_variant(change, one, at)}
    if (stock := _stock(change, one, at)) is not None:
        wanted["quantity"], wanted["place"] = stock
        if not is_new and wanted["place"] != old.place:
            raise NotSimulated("stock at a second location")
    return replace(old, **wanted, updated_at=change.at)


def _old(
    product: Product, one: dict[str, Any], choice: tuple[tuple[str, str], ...], at: tuple[str, ...]
) -> Variant | None:
    if one.get("id") is None:
        return next((v for v in product.variants if v.options == choice), None)
    found = product.variant(number_in(one["id"], "ProductVariant"))
    if found is None:
        message = "Product variant does not exist."
        raise Denied(message, (*at, "id"), "PRODUCT_VARIANT_DOES_NOT_EXIST")
    return found


_KNOWN = frozenset(
    {
        "barcode",
        "compareAtPrice",
        "id",
        "inventoryItem",
        "inventoryPolicy",
        "inventoryQuantities",
        "optionValues",
        "position",
        "price",
        "showUnitPrice",
        "sku",
        "taxable",
        "taxCode",
    }
)
_KNOWN_OF_ITEM = frozenset({"cost", "measurement", "requiresShipping", "sku", "tracked"})


def written_variant(change: Change, one: dict[str, Any], at: tuple[str, ...]) -> dict[str, Any]:
    """The members of `Variant` that an input names, whichever mutation it came by."""
    only(one, _KNOWN, "variants")
    only(one.get("inventoryItem") or {}, _KNOWN_OF_ITEM, "variants.inventoryItem")
    wanted: dict[str, Any] = {}
    for name, member in (("price", "price"), ("compareAtPrice", "compare_at")):
        if one.get(name) is not None:
            amount = amount_in(one[name])
            if amount is None or amount < 0:
                word = "must be greater than or equal to 0" if amount is not None else "is invalid"
                raise Denied(f"{name} {word}", (*at, name), "INVALID_VARIANT")
            wanted[member] = to_cents(amount, change.currency)
    if one.get("inventoryPolicy") is not None:
        wanted["oversells"] = one["inventoryPolicy"] == "CONTINUE"
    for name in ("sku", "barcode"):
        if name in one:
            wanted[name] = one[name]
    item = one.get("inventoryItem") or {}
    for name in ("tracked", "sku", "cost"):
        if item.get(name) is not None:
            wanted[name] = amount_in(item[name]) if name == "cost" else item[name]
    return wanted


def _stock(change: Change, one: dict[str, Any], at: tuple[str, ...]) -> tuple[int, int] | None:
    """How many, and where. Stock given with a `productSet` is set without asking what was there: a
    sale can be lost.
    """
    stock = None
    for index, given in enumerate(as_list(one.get("inventoryQuantities"))):
        place = (*at, "inventoryQuantities", str(index))
        location = number_in(given["locationId"], "Location")
        if location not in change.catalogue.locations:
            raise Denied("Location does not exist", (*place, "locationId"), "INVALID_INPUT")
        if given["name"] not in {"available", "on_hand"}:
            message = "The quantity name must be either 'available' or 'on_hand'."
            raise Denied(message, (*place, "name"), "INVALID_INPUT")
        if not 0 <= given["quantity"] <= MAX_QUANTITY:
            raise Denied("The quantity is out of range", (*place, "quantity"), "INVALID_INPUT")
        if stock is not None and stock[1] != location:
            raise NotSimulated("stock at a second location")
        stock = int(given["quantity"]), location
    return stock
