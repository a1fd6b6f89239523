"""The three ways a caller names a product."""

from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.catalogue import Catalogue, Definition, namespace_of
from dropship.simulators.shopify.goods.product import Product
from dropship.simulators.shopify.graph.errors import GraphError


def find_product(
    catalogue: Catalogue, identifier: dict[str, Any], app: int, lag_s: float = 0.0
) -> Product | None:
    """By exactly one of `customId`, `handle` and `id`.

    A customId needs the app's definition of that metafield, of the type `id`, to exist.
    """
    given = {name: value for name, value in identifier.items() if value is not None}
    if len(given) != 1:
        raise GraphError("Exactly one identifier is required.", "BAD_REQUEST")
    if "customId" in given:
        custom = given["customId"]
        definition = id_definition(catalogue, custom, app)
        if definition is None:
            namespace = namespace_of(custom.get("namespace"), app)
            raise GraphError(
                f"Metafield definition of type 'id' is required when using custom ids "
                f"(namespace '{namespace}', key '{custom['key']}').",
                "NOT_FOUND",
            )
        return catalogue.by_custom_id(
            definition.namespace, definition.key, str(custom["value"]), lag_s
        )
    if "handle" in given:
        return catalogue.by_slug(str(given["handle"]), lag_s)
    return catalogue.product(number_in(given["id"], "Product"), lag_s)


def id_definition(catalogue: Catalogue, custom: dict[str, Any], app: int) -> Definition | None:
    """The definition that makes this customId possible."""
    place = ("PRODUCT", namespace_of(custom.get("namespace"), app), str(custom["key"]))
    found = catalogue.definitions.get(place)
    return found if found is not None and found.type == "id" else None
