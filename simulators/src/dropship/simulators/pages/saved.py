"""Saved real pages, served as they are from a folder outside this repository."""

import gzip
import re
from base64 import b32encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

_PRODUCT_NAME = re.compile(r"^amazon-(?P<site>[a-z.]+)-(?P<asin>[A-Z0-9]{10})$")
_SITE_AT_END = re.compile(r"^amazon-[a-z]+-(?P<site>com|co\.[a-z]{2}|[a-z]{2})$")


class SavedPage(Struct, frozen=True, kw_only=True):
    """One page file. `id` is what to ask for; `page_id` what the page itself says it is."""

    file: str
    site: str
    id: str
    page_id: str | None
    page_kind: str
    title: str | None = None
    price: str | None = None
    currency: str | None = None
    availability: str | None = None
    quantity: int | None = None
    note: str | None = None


class SavedPages:
    """An index of a folder. Files are read and unpacked when asked for: pages may be 3 MB each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files = sorted(p for p in folder.glob("amazon-*") if p.name.endswith((".html", ".html.gz")))
        self.pages = [page for page in map(_describe, files) if page is not None]
        self._by_address = {(page.site, page.id): page for page in self.pages}
        for page in self.pages:
            if page.page_id:
                self._by_address.setdefault((page.site, page.page_id), page)

    def find(self, site: str, asin: str) -> SavedPage | None:
        return self._by_address.get((site, asin))

    def read(self, page: SavedPage) -> bytes:
        """The page as the shop sent it, without compression. Blocks: call it in a thread."""
        content = (self._folder / page.file).read_bytes()
        return gzip.decompress(content) if page.file.endswith(".gz") else content


def pseudo_asin(stem: str) -> str:
    """The id of a saved page that is no product: ``X0`` and eight letters of its name's hash."""
    return "X0" + b32encode(sha256(stem.encode()).digest()).decode()[:8]


def _describe(file: Path) -> SavedPage | None:
    stem = file.name.removesuffix(".gz").removesuffix(".html")
    truth = _ground_truth(file.with_name(f"{stem}.json"))
    named = _PRODUCT_NAME.match(stem)
    kind = str(truth.get("page_kind", "product" if named else "unknown"))
    if named is None or kind != "product":
        at_end = named or _SITE_AT_END.match(stem)
        site = at_end["site"] if at_end else "com"
        asin = named["asin"] if named else pseudo_asin(stem)
        return SavedPage(
            file=file.name,
            site=site,
            id=asin,
            page_id=None,
            page_kind=kind,
            note=truth.get("block_kind") or truth.get("note"),
        )
    return SavedPage(
        file=file.name,
        site=named["site"],
        id=str(truth.get("requested_id") or named["asin"]),
        page_id=str(truth.get("id") or named["asin"]),
        page_kind=kind,
        title=truth.get("title"),
        price=truth.get("price"),
        currency=truth.get("currency"),
        availability=truth.get("availability"),
        quantity=truth.get("stock_quantity"),
        note=truth.get("note"),
    )


def _ground_truth(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
