"""What a caller is told about a request that is not right."""

import contextlib
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct

from dropship.contracts.policies import PriceRule, Rules
from dropship.gateway.http.problems import ProblemFound
from dropship.gateway.http.reading import read_body, read_query
from dropship.gateway.http.shapes import Credentials, ImportWish, Notes, Page
from dropship.gateway.http.shapes_shop import AlertsOf, ListingChange, PolicyText


class Nested(Struct, frozen=True):
    """Something with depth."""

    value: Annotated[object, Meta(description="anything")] = None


def test_every_wrong_field_is_named_with_its_fix_and_without_what_was_sent() -> None:
    with pytest.raises(ProblemFound) as caught:
        read_body(Credentials, b'{"email": "not-an-address", "password": "secret7", "admin": true}')
    errors = {error.field: error for error in caught.value.errors}
    assert set(errors) == {"email", "password", "admin"}
    assert errors["email"].fix == "an e-mail address, for example seller@example.com"
    assert "secret7" not in caught.value.detail
    assert "not-an-address" not in caught.value.detail


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ProblemFound) as caught:
        read_body(Credentials, b"{}")
    assert [error.field for error in caught.value.errors] == ["email", "password"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b'"\\ud800"'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(ProblemFound) as caught:
        read_body(Credentials, body)
    assert caught.value.kind == "malformed"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1"])
def test_what_is_json_but_no_object_is_invalid(body: bytes) -> None:
    with pytest.raises(ProblemFound) as caught:
        read_body(Credentials, body)
    assert caught.value.kind == "invalid"


def test_json_may_not_be_nested_without_end() -> None:
    read_body(Nested, b'{"value": ' + b"[" * 7 + b"]" * 7 + b"}")
    read_body(Nested, b'{"value": "' + b"[" * 50 + b'\\""}')
    for deep in (b'{"value": ' + b"[" * 8 + b"]" * 8 + b"}", b"[" * 60_000, b'{"a":' * 10_000):
        with pytest.raises(ProblemFound) as caught:
            read_body(Nested, deep)
        assert caught.value.kind == "malformed"


def test_null_and_left_out_are_told_apart() -> None:
    assert read_body(Notes, b'{"label": null}').label is None
    assert read_body(Notes, b"{}").label is UNSET


def test_a_description_may_end_with_a_line_break_and_a_title_may_not() -> None:
    text = "Boils fast.\r\n\r\n\tKeeps warm.\r\n"
    assert read_body(ListingChange, msgspec.json.encode({"description": text})).description == text
    with pytest.raises(ProblemFound) as caught:
        read_body(ListingChange, b'{"title": "A kettle\\n"}')
    assert [error.field for error in caught.value.errors] == ["title"]


def test_a_query_is_read_by_the_same_rules() -> None:
    assert read_query(Page, b"limit=10").limit == 10
    assert read_query(Page, b"").limit == 50
    for query, field in [
        (b"limit=0", "limit"),
        (b"limit=201", "limit"),
        (b"limit=ten", "limit"),
        (b"limit=1&limit=2", "limit"),
        (b"sort=price", "sort"),
        (b"cursor=", "cursor"),
        (b"cursor=a+b", "cursor"),
        (b"cursor=a%0A", "cursor"),
    ]:
        with pytest.raises(ProblemFound) as caught:
            read_query(Page, query)
        assert [error.field for error in caught.value.errors] == [field], query


def test_a_mistake_deep_inside_is_named_with_its_place() -> None:
    body = b"""{"name": "x", "rules": {"price": {"basis": "luck", "value": 0.2, "endings": ["x"]},
        "stock": {"buffer": -1, "cap": 5.0, "cup": 5}, "floor": null}}"""
    with pytest.raises(ProblemFound) as caught:
        read_body(PolicyText, body)
    errors = {error.field: error for error in caught.value.errors}
    assert set(errors) == {
        "rules.price.basis", "rules.price.value", "rules.price.endings[0]", "rules.floor",
        "rules.stock.buffer", "rules.stock.cup",
    }  # fmt: skip
    assert errors["rules.price.basis"].fix == (
        "one of margin_on_price, markup_on_cost, roi, fixed_profit"
    )
    assert "luck" not in caught.value.detail
    assert errors["rules.price.endings[0]"].fix == "the digits after the point: 99"


def test_what_is_right_deep_inside_is_read() -> None:
    price = b'{"basis": "roi", "value": "0.30", "endings": ["99", "49"]}'
    read = read_body(PolicyText, b'{"name": "x", "rules": {"price": %s}}' % price)
    assert read.rules == Rules(price=PriceRule(basis="roi", value="0.30", endings=["99", "49"]))


def test_a_query_says_true_or_false_in_words() -> None:
    assert read_query(AlertsOf, b"open=true").open is True
    assert read_query(AlertsOf, b"open=false").open is False
    for text in (b"open=1", b"open=TRUE", b"open="):
        with pytest.raises(ProblemFound):
            read_query(AlertsOf, text)


def test_the_word_null_in_a_query_is_a_word() -> None:
    assert read_query(Page, b"cursor=null").cursor == "null"
    with pytest.raises(ProblemFound):
        read_query(ImportWish, b"asin=null")


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(ProblemFound):
        read_query(ImportWish, text)
    with contextlib.suppress(ProblemFound):
        read_body(Credentials, text)
