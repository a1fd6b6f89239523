"""Whose address a request is counted and written down under."""

from typing import Any

import pytest
from litestar.testing import RequestFactory

from dropship.gateway.http.visitors import networks, visitor_of


def seen(forwarded: str, trusted: str, client: str = "10.0.0.9") -> str | None:
    request: Any = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    request.scope["client"] = (client, 1234)
    return visitor_of(request, networks(trusted)).ip


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("203.0.113.7", "", "10.0.0.9"),
        ("203.0.113.7", "192.168.0.0/16", "10.0.0.9"),
        ("203.0.113.7", "10.0.0.0/8", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "10.0.0.0/8", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.8", "10.0.0.0/8", "203.0.113.7"),
        ("nonsense", "10.0.0.0/8", "10.0.0.9"),
        ("", "10.0.0.0/8", "10.0.0.9"),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(
    forwarded: str, trusted: str, address: str
) -> None:
    assert seen(forwarded, trusted) == address


def test_an_address_that_is_none_is_left_out() -> None:
    assert seen("", "", client="somewhere") is None
