"""Ids and partitions are law: what is pinned here can never change."""

import time
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.ids import (
    PARTITIONS,
    ExternalId,
    Id,
    Source,
    instance_of,
    partition_of,
    plugin_of,
    product_id,
    tenant_of,
    uuid7,
)

TENANT = "0198cb1e-5a10-7c44-9d3b-2f6a81e0c5d7"
HEX = TENANT.replace("-", "")


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        ("product:1", 11),
        ("a", 3),
        ("tenant:x", 13),
        ("0b8a7a2e-8c75-5b3f-9f55-9d0e4f8f0a11", 3),
        ("job-17", 5),
        ("", 0),
    ],
)
def test_a_key_stays_in_its_partition_for_ever(key: str, partition: int) -> None:
    assert partition_of(key) == partition


@given(st.uuids().map(str))
def test_every_key_has_a_partition(key: str) -> None:
    assert 0 <= partition_of(key) < PARTITIONS


@pytest.mark.parametrize(
    ("source", "external_id", "variant", "id_"),
    [
        ("amazon-com", "B0DR8G428S", "", "8e39534c-a7c6-5325-8e6e-771201e622e6"),
        ("amazon-com", "B0DR8G428S", "black", "9c105aec-d8f8-59d2-90be-59e9152ff97c"),
        ("amazon-de", "B00CYG4J5U", "", "028bb11b-4b7d-5021-bc21-08b3b629eb40"),
        (
            "feed-0195f0c2a1b47c3d8e9f001122334455",
            "SKU-10001",
            "",
            "212db0ea-2331-5b02-95a9-585a417d9364",
        ),
    ],
)
def test_a_product_has_one_id_for_ever_and_for_everybody(
    source: str, external_id: str, variant: str, id_: str
) -> None:
    assert product_id(source, external_id, variant) == id_


safe_text = st.text("abcXYZ019_-", min_size=1, max_size=12)


@given(a=st.tuples(safe_text, safe_text, safe_text), b=st.tuples(safe_text, safe_text, safe_text))
def test_two_products_never_share_an_id(a: tuple[str, str, str], b: tuple[str, str, str]) -> None:
    assert (product_id(*a) == product_id(*b)) == (a == b)


def test_ids_made_in_different_milliseconds_sort_as_they_were_made() -> None:
    first = uuid7()
    before = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == before:
        pass

    assert first < uuid7()


def test_a_new_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    id_ = uuid7()
    after = time.time_ns() // 1_000_000

    assert before <= id_.int >> 80 <= after
    assert (id_.version, id_.variant) == (7, UUID(int=0x8 << 60).variant)


def test_new_ids_are_never_the_same() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("source", "plugin", "tenant"),
    [
        ("amazon-co-uk", "amazon", None),
        (f"feed-{HEX}", "feed", TENANT),
        (f"feed-{HEX}-wholesale", "feed", TENANT),
        ("demo", "demo", None),
        ("feed-" + "z" * 32, "feed", None),
    ],
)
def test_a_source_tells_its_plugin_and_whose_it_is(
    source: str, plugin: str, tenant: str | None
) -> None:
    assert plugin_of(source) == plugin
    assert tenant_of(source) == tenant


@given(st.uuids(), st.from_regex(r"\A[a-z0-9]{0,8}\Z"))
def test_a_feed_belongs_to_the_tenant_it_was_made_for(tenant: UUID, name: str) -> None:
    source = instance_of("feed", str(tenant), name)

    assert tenant_of(source) == str(tenant)
    assert msgspec.convert(source, Source) == source


@pytest.mark.parametrize("type_", [Id, ExternalId, Source])
@pytest.mark.parametrize(
    "text", ["", "a.b", "a b", "a>", "*", "a/b", "é", "a\n", "a\nb", "x" * 129, "٣"]
)
def test_nothing_that_could_break_out_of_a_subject_is_an_id(type_: object, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, type_)
