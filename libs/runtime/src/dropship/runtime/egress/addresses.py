"""Which addresses we never connect to, decided on the address itself.

`ipaddress.is_global` is not enough: it holds NAT64, 6to4, multicast and a cloud's metadata address
for global, and carrier-grade NAT for not private.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_DENIED_V4 = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local or cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_DENIED_V6 = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private or cloud metadata"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")


def refusal(address: Address, *, development: bool = False) -> str | None:
    """Why we do not connect to this address, or None where we may.

    Development opens plain loopback and nothing else. A mapped address (``::ffff:a.b.c.d``) is
    judged as the IPv4 one that a kernel takes it for; translators and tunnels (NAT64, 6to4,
    Teredo) are refused whatever they carry.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return refusal(address.ipv4_mapped)
        if development and address == IPv6Address("::1"):
            return None
        return _refusal_v6(address)
    if development and address.is_loopback:
        return None
    return next((reason for network, reason in _DENIED_V4 if address in network), None)


def is_loopback(text: str) -> bool:
    """Whether a resolved address stays on this machine."""
    return ip_address(text).is_loopback


def _refusal_v6(address: IPv6Address) -> str | None:
    for network, reason in _DENIED_V6:
        if address in network:
            return reason
    return None if address in _GLOBAL_V6 else "reserved"
