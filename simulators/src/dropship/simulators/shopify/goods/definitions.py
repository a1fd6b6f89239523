"""`metafieldDefinitionCreate`: without a definition of type `id` no customId works."""

import re
from typing import Any

from dropship.simulators.shopify.goods.catalogue import Definition, namespace_of
from dropship.simulators.shopify.goods.changing import Change, Payload, refused
from dropship.simulators.shopify.goods.saying_no import Denied

_TYPES = frozenset(
    {
        "boolean",
        "date",
        "date_time",
        "id",
        "json",
        "money",
        "multi_line_text_field",
        "number_decimal",
        "number_integer",
        "single_line_text_field",
        "url",
    }
)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def metafield_definition_create(change: Change, args: dict[str, Any]) -> Payload:
    """A second definition of the same place is refused: it is no upsert."""
    try:
        definition = _wanted(change, args["definition"])
    except Denied as no:
        return refused(no.error, createdDefinition=None)
    place = (definition.owner_type, definition.namespace, definition.key)
    change.catalogue.definitions[place] = definition
    return {"createdDefinition": definition, "userErrors": []}


def _wanted(change: Change, wish: dict[str, Any]) -> Definition:
    namespace, key = namespace_of(wish.get("namespace"), change.app), str(wish["key"])
    for name, text, low, high in (("namespace", namespace, 3, 255), ("key", key, 2, 64)):
        if not low <= len(text) <= high:
            code = "TOO_SHORT" if len(text) < low else "TOO_LONG"
            message = f"{name.title()} must be {low} to {high} characters"
            raise Denied(message, ("definition", name), code)
        if _PLAIN.fullmatch(text) is None:
            message = f"{name.title()} contains one or more invalid characters."
            raise Denied(message, ("definition", name), "INVALID_CHARACTER")
    if wish["type"] not in _TYPES:
        message = f"Type name {wish['type']} is not a valid type."
        raise Denied(message, ("definition", "type"), "INCLUSION")
    if not str(wish["name"]).strip():
        raise Denied("Name can't be blank", ("definition", "name"), "BLANK")
    if (str(wish["ownerType"]), namespace, key) in change.catalogue.definitions:
        message = "Key is in use for Product metafields on the same namespace."
        raise Denied(message, ("definition", "key"), "TAKEN")
    number = change.catalogue.next_number("MetafieldDefinition")
    owner, name, type_ = str(wish["ownerType"]), str(wish["name"]), str(wish["type"])
    return Definition(number, owner, namespace, key, name, type_)
