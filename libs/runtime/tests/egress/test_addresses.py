"""Which addresses and spellings are refused, before anything is resolved or opened."""

# ruff: noqa: RUF001, SIM905 - the odd spellings are the corpus, and a table reads better

from ipaddress import ip_address

import pytest

from dropship.runtime.egress import RefusedAddress
from dropship.runtime.egress.addresses import refusal
from dropship.runtime.egress.targets import parse

FORBIDDEN = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
    169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1
    192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250
    240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1
    64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::a9fe:a9fe 64:ff9b:1:ffff::1
    100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:20::1 2001:db8::1 2002:7f00:1::
    2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 ff0e::1
""".split()
ALLOWED = """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1
    223.255.255.255 2606:4700::1111 2001:4860:4860::8888 2a00:1450:4001::1 ::ffff:8.8.8.8
""".split()


@pytest.mark.parametrize("text", FORBIDDEN)
def test_no_address_of_our_own_side_is_open(text: str) -> None:
    assert refusal(ip_address(text)) is not None


@pytest.mark.parametrize("text", ALLOWED)
def test_the_public_internet_is_open(text: str) -> None:
    assert refusal(ip_address(text)) is None


def test_development_opens_plain_loopback_and_nothing_else() -> None:
    opened = {text for text in FORBIDDEN if refusal(ip_address(text), development=True) is None}
    assert opened == {"127.0.0.1", "127.255.255.254", "::1"}


ODD = [
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://127.1/", "http://127.0.1/", "http://0/", "http://0x/", "http://127.0.0.01/",
    "http://1.2.3.4.5/", "http://256.1.1.1/", "http://[::1%25lo]/", "http://[fe80::1%eth0]/",
    "http://[::1]evil/", "http://[::1/", "http://[127.0.0.1]/", "http://[v1.x]/", "http://::1/",
    "http://user@127.0.0.1/", "http://a:b@shop.example/", "http://shop.example@127.0.0.1/",
    "http://@shop.example/", "http://shop.example:x/", "http://shop.example:99999/",
    "http://shop.example:0/", "http://shop.example:80:80/", "http:///path", "http:shop.example",
    "//shop.example/", "shop.example", "", "http://shop.example\\@127.0.0.1/",
    "http://shop.example/\r\nHost: evil", "http://shop example/", "http://shop..example/",
    "http://.example/", "http://-shop.example/", "http://sh%6fp.example/", "http://a,b/",
    "http://①②⑦.0.0.1.2/", "http://xn--\u2025.example/", "http://" + "a" * 64 + ".example/",
    "http://shop.example/" + "a" * 5_000, "file:///etc/passwd", "ftp://shop.example/",
    "gopher://127.0.0.1:6379/", "dict://127.0.0.1/", "jar:http://x/", "javascript:alert(1)",
    "data:text/html,x", "HTTPX://shop.example/", "ws://shop.example/", "unix:///run/docker.sock",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_whatever_could_be_read_in_two_ways_is_not_read_at_all(url: str) -> None:
    with pytest.raises(RefusedAddress) as refused:
        parse(url)
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://Shop.Example", "http://shop.example/"),
        ("https://shop.example.:443/a?b=c#d", "https://shop.example/a?b=c"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/ü"),
        ("http://ｓｈｏｐ。example/", "http://shop.example/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080/"),
        ("http://my_shop.example:80/", "http://my_shop.example/"),
    ],
)
def test_a_plain_url_has_one_form_and_that_is_what_is_requested(url: str, plain: str) -> None:
    assert parse(url).url == plain
