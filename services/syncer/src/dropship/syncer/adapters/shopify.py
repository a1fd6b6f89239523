"""Shopify: a product is a listing, found again by our id in a metafield that only one can hold."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID, uuid5

from dropship.pricing.fees import for_channel
from dropship.pricing.money import Money, to_wire
from dropship.runtime.egress import Egress
from dropship.syncer.adapters import shopify_answers as answers
from dropship.syncer.adapters import shopify_documents as documents
from dropship.syncer.adapters.errors import Invalid, MarketplaceError
from dropship.syncer.adapters.port import (
    NO_REFS,
    UNLIMITED,
    Access,
    Capabilities,
    Credentials,
    Marketplace,
    Opened,
    OrdersRead,
    Seen,
    Shown,
    Token,
    Wanted,
)
from dropship.syncer.adapters.shopify_client import Client
from dropship.syncer.adapters.shopify_documents import KEY, Document
from dropship.syncer.adapters.shopify_faults import doubt, of_user_errors
from dropship.syncer.adapters.shopify_orders import OrderReader
from dropship.syncer.adapters.shopify_reading import STOPS_AT_0, amount_of, seen_of

NAME = "shopify"
OWN_URL = "https://{shop}.myshopify.com"
IMAGES_MAX = 10
_KEYS = UUID("5f0c6c1e-7a55-5d0e-9d0a-3f5a7a0f7b11")
_STOPS = {"inventoryPolicy": STOPS_AT_0, "inventoryItem": {"tracked": True}}
_OPTION, _ONLY = "Title", "Default Title"


class Shopify:
    """Shopify's Admin API; one object for all stores of the process."""

    name = NAME
    capabilities = Capabilities(call_deadline_s=20.0, read_lag_s=2.0, order_overlap_s=600.0)

    def __init__(self, client: Client) -> None:
        self._client = client
        self._orders = OrderReader(client, self.capabilities.order_overlap_s)
        self.fee_schedules = for_channel(NAME)

    async def grant(self, account: str, credentials: Credentials, at: datetime) -> Token:
        return await self._client.grant(account, credentials, at)

    async def open(self, access: Access) -> Opened:
        """Where goods lie, where they are shown, and the metafield by which we find ours again."""
        told = await self._client.send(access, documents.OPEN, {}, answers.OpenData)
        definitions = told.metafield_definitions.nodes
        if not definitions:
            await self._define(access)
        elif definitions[0].type.name != "id":
            raise Invalid(f"the metafield {KEY} is taken by something else", fields=(KEY,))
        refs = {
            "location": _location(told.locations.nodes, access.refs.get("location")),
            "publication": _publication(told.publications.nodes, access.refs.get("publication")),
            "currency": told.shop.currency_code,
        }
        return Opened(told.shop.currency_code, told.shop.name, refs)

    async def _define(self, access: Access) -> None:
        definition = {
            "name": "Dropship Central listing",
            "key": KEY,
            "ownerType": "PRODUCT",
            "type": "id",
            "capabilities": {"uniqueValues": {"enabled": True}},
        }
        variables = {"definition": definition}
        told = await self._client.send(access, documents.DEFINE, variables, answers.DefineData)
        errors = told.metafield_definition_create.user_errors
        if any(error.code == "TAKEN" for error in errors):
            return  # another worker was first, with this same definition
        _refuse(errors)

    async def find(
        self, access: Access, key: str, refs: Mapping[str, str] = NO_REFS
    ) -> Seen | None:
        """By our own id, and by Shopify's where that finds nothing: our metafield can be lost, and
        it belongs to the app, so that through another app of the seller's nothing is found by it.
        """
        seen = await self._look(access, key, documents.FIND, {"identifier": _custom_id(key)})
        if seen is None and "product" in refs:
            by_id = {"id": refs["product"]}
            seen = await self._look(access, key, documents.FIND_BY_ID, by_id)
            if seen is not None:
                await self._mark(access, seen)
        return seen

    async def _mark(self, access: Access, seen: Seen) -> None:
        """Give it our id again. Nothing rests on it: where it fails, the next look does it."""
        mark = {"key": KEY, "type": "id", "value": seen.key}
        variables = {"product": {"id": seen.refs["product"], "metafields": [mark]}}
        with suppress(MarketplaceError):
            await self._client.send(access, documents.MARK, variables, answers.ProductData)

    async def _look(
        self, access: Access, key: str, document: Document, names: Mapping[str, Any]
    ) -> Seen | None:
        variables = {**names, **_places(access)}
        told = await self._client.send(access, document, variables, answers.FindData)
        if told.shop.currency_code != access.refs.get("currency"):
            raise Invalid("the store sells in another currency now", fields=("currency",))
        if told.product is None:
            return None
        return seen_of(key, told.product, told.shop.currency_code)

    async def create(self, access: Access, wanted: Wanted, effect_id: str) -> Seen:
        """An upsert by our own id, as a draft: sent twice it is still one product."""
        currency = _currency(access, wanted.price)
        variables = {
            "identifier": _custom_id(wanted.key),
            "input": _product(wanted, access.refs["location"]),
            **_places(access),
        }
        told = await self._client.send(access, documents.CREATE, variables, answers.CreateData)
        _refuse(told.product_set.user_errors)
        if told.product_set.product is None:
            raise doubt(True, "no product and no reason in the answer")
        return seen_of(wanted.key, told.product_set.product, currency)

    async def publish(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        """On the channel first, then active: it becomes visible in one moment."""
        variables = {
            "id": seen.refs["product"],
            "publications": [{"publicationId": access.refs["publication"]}],
            "product": {"id": seen.refs["product"], "status": "ACTIVE"},
        }
        told = await self._client.send(access, documents.PUBLISH, variables, answers.PublishData)
        _refuse([*told.publishable_publish.user_errors, *told.product_update.user_errors])
        return _stands(seen, told.product_update, "ACTIVE", "live")

    async def set_price(self, access: Access, seen: Seen, price: Money, effect_id: str) -> Seen:
        currency = _currency(access, price)
        variant = {"id": seen.refs["variant"], "price": to_wire(price).amount}
        variables = {"product": seen.refs["product"], "variants": [variant]}
        told = await self._client.send(access, documents.SET_PRICE, variables, answers.PriceData)
        updated = told.product_variants_bulk_update
        _refuse(updated.user_errors)
        for each in updated.product_variants or ():
            if each.id == variant["id"]:
                return replace(seen, price=amount_of(each.price, currency))
        raise doubt(True, "the variant is not in the answer")

    async def set_quantity(self, access: Access, seen: Seen, quantity: int, effect_id: str) -> Seen:
        """More of it only if nobody has bought one meanwhile; 0 is right whatever stood there.

        The key holds the arguments as well: the same command may come back after a look that has
        found another quantity, and Shopify refuses a key with other arguments.
        """
        is_unlimited = seen.quantity == UNLIMITED
        change = {
            "inventoryItemId": seen.refs["item"],
            "locationId": access.refs["location"],
            "quantity": quantity,
            "changeFromQuantity": None if quantity == 0 or is_unlimited else seen.quantity,
        }
        wanted = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://dropship-central/Listing/{seen.key}",
            "quantities": [change],
        }
        key = uuid5(_KEYS, f"{effect_id}/{seen.refs['item']}/{seen.quantity}/{quantity}")
        variables = {"input": wanted, "key": str(key)}
        if quantity == 0:
            await self._pause(access, seen, variables)
        else:
            told = await self._client.send(
                access, documents.SET_QUANTITY, variables, answers.QuantityData
            )
            _refuse(told.inventory_set_quantities.user_errors)
        return replace(seen, quantity=quantity)

    async def _pause(self, access: Access, seen: Seen, quantity: dict[str, Any]) -> None:
        """The page stays, sold out, whatever the seller has set for when there are none left."""
        variant = {"id": seen.refs["variant"], **_STOPS}
        variables = {"product": seen.refs["product"], "variants": [variant], **quantity}
        told = await self._client.send(access, documents.PAUSE, variables, answers.PauseData)
        updated = told.product_variants_bulk_update
        _refuse([*updated.user_errors, *told.inventory_set_quantities.user_errors])
        for each in updated.product_variants or ():
            stops = each.inventory_policy == STOPS_AT_0 and each.inventory_item.tracked
            if each.id == variant["id"] and stops:
                return
        raise doubt(True, "the answer does not show that it stops at 0")

    async def end(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        """Archived: nobody sees it, and its history stays."""
        variables = {"product": {"id": seen.refs["product"], "status": "ARCHIVED"}}
        told = await self._client.send(access, documents.END, variables, answers.ProductData)
        _refuse(told.product_update.user_errors)
        return _stands(seen, told.product_update, "ARCHIVED", "ended")

    async def orders_since(self, access: Access, cursor: str | None, at: datetime) -> OrdersRead:
        return await self._orders.since(access, cursor, at)

    async def aclose(self) -> None:
        """Nothing is open: the connections are the egress's."""


def _custom_id(key: str) -> dict[str, Any]:
    return {"customId": {"key": KEY, "value": key}}


def _places(access: Access) -> dict[str, Any]:
    return {"publication": access.refs["publication"], "location": access.refs["location"]}


def _currency(access: Access, price: Money) -> str:
    """The store's currency, which the price must be in: Shopify takes bare numbers."""
    currency = access.refs["currency"]
    if price.currency != currency:
        raise Invalid(f"a price in {price.currency} for a store in {currency}", fields=("price",))
    return currency


def _product(wanted: Wanted, location: str) -> dict[str, Any]:
    """The complete listing: what is left out of its lists would be deleted."""
    variant = {
        "optionValues": [{"optionName": _OPTION, "name": _ONLY}],
        "sku": wanted.sku,
        "price": to_wire(wanted.price).amount,
        **_STOPS,
        "inventoryQuantities": [
            {"locationId": location, "name": "available", "quantity": wanted.quantity}
        ],
    }
    return {
        "title": wanted.title,
        "descriptionHtml": _html(wanted.description),
        "status": "DRAFT",
        "productOptions": [{"name": _OPTION, "values": [{"name": _ONLY}]}],
        "files": [
            {"originalSource": url, "contentType": "IMAGE"} for url in wanted.images[:IMAGES_MAX]
        ],
        "variants": [variant],
    }


def _html(description: str) -> str:
    """A supplier's text is text, whatever tags it holds."""
    paragraphs = (part.strip() for part in description.split("\n\n"))
    lines = ("<br>".join(escape(part).splitlines()) for part in paragraphs if part)
    return "".join(f"<p>{line}</p>" for line in lines)


def _refuse(errors: Sequence[answers.UserError]) -> None:
    error = of_user_errors(errors)
    if error is not None:
        raise error


def _stands(seen: Seen, updated: answers.Updated, status: str, shown: Shown) -> Seen:
    """What was seen, in its new state, which the answer must confirm."""
    if updated.product is None or updated.product.status != status:
        raise doubt(True, f"the product is not {status} in the answer")
    return replace(seen, shown=shown)


def _location(locations: Sequence[answers.Location], known: str | None) -> str:
    """Where our stock lies already, as long as that ships; else the first place that does."""
    ships = [each.id for each in locations if each.is_active and each.fulfills_online_orders]
    if known in ships:
        return known
    if ships:
        return ships[0]
    raise Invalid("the store has no active location that ships", fields=("locations",))


def _publication(publications: Sequence[answers.Publication], known: str | None) -> str:
    """Where our listings are shown already, as long as that is there; else the online store, else
    the only channel, and never a guess among several.
    """
    if any(publication.id == known for publication in publications):
        return str(known)
    for publication in publications:
        if publication.name == "Online Store":
            return publication.id
    if len(publications) == 1:
        return publications[0].id
    raise Invalid("the store has no channel named Online Store", fields=("publications",))


def plugin(egress: Egress, base_url: str | None = None) -> Marketplace:
    """The entry point. `base_url` stands for Shopify's own address, ``{shop}`` for the account."""
    return Shopify(Client(egress, base_url or OWN_URL))
