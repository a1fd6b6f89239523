"""Reading a URL strictly: what it says is where we go, or we refuse it.

Parsers disagree about odd spellings, and attacks live in the difference. So there is one reading,
and what is requested is rebuilt from it.
"""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

from dropship.runtime.egress.errors import RefusedAddress

URL_LIMIT = 4_096
DEFAULT_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_NAME = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$")
_NUMBER = re.compile(r"^([0-9]+|0x[0-9a-f]*)$")
_PORT = re.compile(r"^[0-9]{1,5}$")


@dataclass(frozen=True)
class Target:
    """A URL taken apart. `host` is lower case, ASCII, and without brackets or a trailing dot."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What may be shown and compared: scheme, host, and the port unless it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = DEFAULT_PORTS[self.scheme] == self.port
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.path}"


def parse(url: str) -> Target:
    """Take a URL apart. Raises RefusedAddress unless it is plain http or https to a plain host."""
    if len(url) > URL_LIMIT:
        raise RefusedAddress("a URL", f"longer than {URL_LIMIT} characters")
    if _FORBIDDEN.search(url):
        raise RefusedAddress("a URL", "it holds a space, a backslash or a control character")
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() not in DEFAULT_PORTS:
        raise RefusedAddress("a URL", "its scheme is neither http nor https")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RefusedAddress("a URL", "its host cannot be read") from None
    if not parts.netloc or "@" in parts.netloc:
        raise RefusedAddress("a URL", "it has no host, or credentials before it")
    host, port = _divided(parts)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(parts.scheme, host, port, path)


def plain_host(text: str) -> str:
    """A host in the one form we use. Raises RefusedAddress for odd literals and bad names.

    ``2130706433``, ``0x7f.1``, ``0177.0.0.1`` and ``127.1`` are addresses to a resolver and names
    to a careless check, so whatever ends in a number must be four plain decimal numbers.
    """
    if ":" in text:
        return _plain_v6(text)
    name = unicodedata.normalize("NFKC", text).lower().removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise RefusedAddress("a URL", "its host is not a valid name") from None
    if _NUMBER.match(name.rpartition(".")[2]):
        try:
            return str(IPv4Address(name))
        except ValueError:
            raise RefusedAddress("a URL", "its host is an oddly written address") from None
    if _NAME.match(name) is None:
        raise RefusedAddress("a URL", "its host is not a valid name")
    return name


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a plain host is, or None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _divided(parts: SplitResult) -> tuple[str, int]:
    netloc = parts.netloc
    if netloc.startswith("["):
        host, _, rest = netloc[1:].partition("]")
        if ":" not in host:
            raise RefusedAddress("a URL", "its host is an oddly written address")
    else:
        host, colon, rest = netloc.partition(":")
        rest = colon + rest
    port = rest.removeprefix(":")
    if rest and (not rest.startswith(":") or (port and not _PORT.match(port))):
        raise RefusedAddress("a URL", "its port cannot be read")
    number = int(port) if port else DEFAULT_PORTS[parts.scheme]
    if not 1 <= number <= 65_535:
        raise RefusedAddress("a URL", "its port cannot be read")
    return plain_host(host), number


def _plain_v6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise RefusedAddress("a URL", "its host is not a valid address") from None
    if address.scope_id is not None:
        raise RefusedAddress("a URL", "its address names a network interface")
    return str(address)
