"""Types and subjects follow from class names, so that nobody types them by hand."""

import pytest

from dropship.contracts.catalogue import COMMANDS, EVENTS, MESSAGES, QUERIES
from dropship.contracts.messages import Message
from dropship.contracts.offers import OfferObserved, ScrapeProduct
from dropship.contracts.products import PriceChanged, PriceHistory, ProductDetails

SERVICES = {"gateway", "tracker", "scraper", "policy", "syncer", "analytics"}


@pytest.mark.parametrize(
    ("message", "wire_type", "noun", "verb"),
    [
        (PriceChanged, "dropship.price.changed.v1", "price", "changed"),
        (OfferObserved, "dropship.offer.observed.v1", "offer", "observed"),
        (ScrapeProduct, "dropship.product.scrape.v1", "product", "scrape"),
        (ProductDetails, "dropship.product_details.asked.v1", "product_details", "asked"),
    ],
)
def test_a_type_is_its_class_name_taken_apart(
    message: type[Message], wire_type: str, noun: str, verb: str
) -> None:
    assert (message.wire_type(), message.noun(), message.verb()) == (wire_type, noun, verb)


def test_a_request_is_one_token_of_a_subject() -> None:
    assert ScrapeProduct.token() == "scrape_product"
    assert PriceHistory.token() == "price_history"


def test_every_message_has_a_name_of_its_own_and_one_owner() -> None:
    assert len(MESSAGES) == len(EVENTS) + len(COMMANDS) + len(QUERIES)
    assert {message.owner for message in MESSAGES.values()} <= SERVICES | {"runtime"}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_is_named_by_what_has_happened(name: str) -> None:
    assert name.endswith(("ed", "sold", "shipped", "set", "made"))
    assert "update" not in name
