"""Which product a user means."""

import pytest

from dropship.gateway.domain.imports import (
    Mistaken,
    NobodyRegistered,
    Supplier,
    Target,
    Wish,
    resolve,
)

TENANT = "0198c0de-0000-7000-8000-00000000000a"
HEX = "0198c0de00007000800000000000000a"
OTHER_HEX = "0198c0de00007000800000000000000b"

amazon = Supplier(
    plugin="amazon",
    sources=("amazon-com", "amazon-de", "amazon-co-uk"),
    default_source="amazon-com",
    per_tenant=False,
    id_pattern="[A-Z0-9]{10}",
    id_example="B0DGHRT7PQ",
)
feed = Supplier(
    plugin="feed",
    sources=(),
    default_source=None,
    per_tenant=True,
    id_pattern="[A-Za-z0-9_-]{1,64}",
    id_example="SKU-1",
)
both = [amazon, feed]


def meant(**wish: str) -> Target:
    return resolve(Wish(**wish), both, TENANT)


def refused(**wish: str) -> dict[str, str]:
    with pytest.raises(Mistaken) as caught:
        meant(**wish)
    return {mistake.field: mistake.fix for mistake in caught.value.mistakes}


def test_an_asin_means_a_product_of_the_default_amazon_site() -> None:
    assert meant(asin="B0DGHRT7PQ") == Target(source="amazon-com", external_id="B0DGHRT7PQ")


@pytest.mark.parametrize(
    ("site", "source"),
    [("de", "amazon-de"), ("co.uk", "amazon-co-uk"), ("co-uk", "amazon-co-uk")],
)
def test_a_site_chooses_the_amazon_site(site: str, source: str) -> None:
    assert meant(asin="B0DGHRT7PQ", site=site).source == source


@pytest.mark.parametrize("asin", ["B123456", "b0dghrt7pq", "B0DGHRT7PQ1", ""])
def test_what_is_no_asin_is_refused_with_what_an_asin_looks_like(asin: str) -> None:
    assert "ten capital letters" in refused(asin=asin)["asin"]


def test_an_unknown_site_is_refused_with_the_known_ones() -> None:
    assert refused(asin="B0DGHRT7PQ", site="nl") == {"site": "one of com, de, co.uk"}


def test_a_supplier_is_named_by_plugin_or_by_source() -> None:
    assert meant(supplier="amazon", id="B0DGHRT7PQ").source == "amazon-com"
    assert meant(supplier="amazon-de", id="B0DGHRT7PQ").source == "amazon-de"


def test_feed_alone_means_the_tenants_own_default_feed() -> None:
    assert meant(supplier="feed", id="SKU-1").source == f"feed-{HEX}"


def test_a_feeds_short_name_means_the_tenants_own_feed_of_that_name() -> None:
    assert meant(supplier="feed-wholesale", id="SKU-1").source == f"feed-{HEX}-wholesale"
    assert meant(supplier=f"feed-{HEX}-wholesale", id="SKU-1").source == f"feed-{HEX}-wholesale"


@pytest.mark.parametrize(
    "name", [f"feed-{OTHER_HEX}", f"feed-{OTHER_HEX}-wholesale", "feed-a-b", f"feed-{HEX}-a-b"]
)
def test_a_strangers_feed_is_refused_like_an_unknown_supplier(name: str) -> None:
    assert refused(supplier=name, id="SKU-1") == refused(supplier="nobody", id="SKU-1")


def test_an_id_that_the_supplier_cannot_have_is_refused_with_an_example() -> None:
    assert "for example B0DGHRT7PQ" in refused(supplier="amazon", id="short")["id"]


def test_a_variant_is_part_of_what_is_meant() -> None:
    assert meant(supplier="feed", id="SKU-1", variant="red").variant == "red"


def test_every_mistake_is_named_at_once() -> None:
    assert set(refused()) == {"asin"}
    assert set(refused(supplier="feed")) == {"id"}
    assert set(refused(id="SKU-1", site="de")) == {"supplier", "site"}
    assert set(refused(asin="short", supplier="feed", id="SKU-1")) == {"asin", "supplier", "id"}


def test_an_asin_without_amazon_is_refused_with_who_is_there() -> None:
    with pytest.raises(Mistaken) as caught:
        resolve(Wish(asin="B0DGHRT7PQ"), [feed], TENANT)
    assert "feed" in caught.value.mistakes[0].fix


def test_before_any_supplier_is_known_nothing_is_right_or_wrong() -> None:
    with pytest.raises(NobodyRegistered):
        resolve(Wish(asin="B0DGHRT7PQ"), [], TENANT)
    with pytest.raises(Mistaken):
        resolve(Wish(asin="short"), [], TENANT)
