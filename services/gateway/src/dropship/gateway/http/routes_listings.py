"""Listings: products for sale in your stores, and why they are as they are."""

from dropship.contracts.decisions import ListingWhy, ListingWhyNot, Why, WhyNot
from dropship.contracts.listings import (
    AmendListing,
    EndListing,
    Listing,
    ListingDetails,
    ListingPage,
    PauseListing,
    RequestListing,
    ResumeListing,
    TenantListings,
)
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import answered, ask, asks, check_owned, worded
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, Call, Endpoint
from dropship.gateway.http.problems import unavailable
from dropship.gateway.http.shapes import NoQuery
from dropship.gateway.http.shapes_shop import (
    ListingChange,
    ListingsOf,
    ListingWish,
    WhichDecision,
)
from dropship.runtime.errors import Refused

NOT_HEARD_YET = "unknown_product"
"""The syncer's word for a product of which it knows nothing."""


async def _request(desk: Desk, call: Call[NoQuery, ListingWish]) -> Answer:
    await check_owned(desk, call, "product_id", "policy_id")
    try:
        answer = await ask(desk, call, worded(RequestListing, call))
    except Refused as refused:
        if refused.reason == NOT_HEARD_YET:  # Its owner knows it, so the syncer soon will.
            raise unavailable("this product is too new: ask again at once", 1) from None
        raise
    return answered(RequestListing, answer, "/v1/listings")


_CONFLICT = frozenset({"conflict"})
ROUTES = (
    Endpoint(
        "POST",
        "/v1/listings",
        "requestListing",
        "Offer a product you watch in a store of yours",
        _request,
        scope=Scope.write,
        status=201,
        answer=Listing,
        body=ListingWish,
        keyed=True,
        quota="listings",
        located=True,
        problems=frozenset({"conflict", "not_found"}),
    ),
    Endpoint(
        "GET",
        "/v1/listings",
        "listListings",
        "Your listings, newest first",
        asks(TenantListings),
        scope=Scope.read,
        answer=ListingPage,
        query=ListingsOf,
        problems=frozenset({"not_found"}),
    ),
    Endpoint(
        "GET",
        "/v1/listings/{listing_id}",
        "showListing",
        "A listing: what is wanted, and what the marketplace shows",
        asks(ListingDetails),
        scope=Scope.read,
        answer=Listing,
    ),
    Endpoint(
        "PATCH",
        "/v1/listings/{listing_id}",
        "amendListing",
        "Change what you want of a listing",
        asks(AmendListing, naming=("policy_id",)),
        scope=Scope.write,
        answer=Listing,
        body=ListingChange,
        problems=_CONFLICT,
    ),
    Endpoint(
        "POST",
        "/v1/listings/{listing_id}/pause",
        "pauseListing",
        "Hold a listing by hand: it sells nothing until you resume it",
        asks(PauseListing),
        scope=Scope.write,
        answer=Listing,
        problems=_CONFLICT,
    ),
    Endpoint(
        "POST",
        "/v1/listings/{listing_id}/resume",
        "resumeListing",
        "Lift the holds that wait for a person",
        asks(ResumeListing),
        scope=Scope.write,
        answer=Listing,
        problems=_CONFLICT,
    ),
    Endpoint(
        "DELETE",
        "/v1/listings/{listing_id}",
        "endListing",
        "Take a listing off its marketplace for good",
        asks(EndListing),
        scope=Scope.write,
        answer=Listing,
        problems=_CONFLICT,
    ),
    Endpoint(
        "GET",
        "/v1/listings/{listing_id}/why",
        "explainListing",
        "Why a listing is as it is: rules, figures, and the chain of causes",
        asks(ListingWhy),
        scope=Scope.read,
        answer=Why,
        query=WhichDecision,
    ),
    Endpoint(
        "GET",
        "/v1/listings/{listing_id}/why-not",
        "explainNoChange",
        "Why a listing has not changed",
        asks(ListingWhyNot),
        scope=Scope.read,
        answer=WhyNot,
    ),
)
