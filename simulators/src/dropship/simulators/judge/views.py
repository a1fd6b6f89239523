"""How truths, histories and saved pages are shown to whoever judges."""

from typing import Any

from dropship.simulators.pages.saved import SavedPage
from dropship.simulators.simulator import Recorded
from dropship.simulators.world.catalogue import source_of
from dropship.simulators.world.product import Layout, Product, State, Truth


def product_view(product: Product, truth: Truth, base_url: str) -> dict[str, Any]:
    """What is true, and under `shown` what a careful reader could know from page or feed."""
    shown_minor = truth.shown_price_minor(product)
    return {
        "supplier": product.source,
        "id": product.id,
        "title": product.title,
        "price": _money(shown_minor, product.currency),
        "availability": truth.availability,
        "quantity": 0 if truth.state is State.gone else truth.quantity,
        "url": base_url + _path(product),
        "shown": {
            "price": _money(shown_minor, product.currency),
            "quantity": truth.shown_quantity(product),
        },
        "underlying_price": _money(truth.price_minor, product.currency),
        "layout": product.layout,
        "state": truth.state,
        "held": truth.held,
        "version": truth.version,
        "third_party": product.is_third_party,
        "rating": None if product.rating_tenths is None else f"{product.rating_tenths / 10:.1f}",
        "review_count": product.review_count,
        "image_count": len(product.images),
    }


def saved_view(page: SavedPage, base_url: str) -> dict[str, Any]:
    """A saved page by its ground truth; without one only its address is known."""
    price = None
    if page.price is not None and page.currency is not None:
        price = {"amount": page.price, "currency": page.currency}
    return {
        "supplier": source_of(page.site),
        "id": page.id,
        "title": page.title,
        "price": price,
        "availability": page.availability,
        "quantity": page.quantity,
        "url": f"{base_url}/amazon/{page.site}/dp/{page.id}",
        "page": page.file,
        "page_kind": page.page_kind,
        "page_id": page.page_id,
        "note": page.note,
    }


def history_view(recorded: Recorded, product: Product) -> dict[str, Any]:
    """One line of the history: from `at` (virtual second `t`) on, this was true."""
    truth = recorded.change.truth
    return {
        "t": round(recorded.change.t, 3),
        "at": recorded.at,
        "id": recorded.change.id,
        "price": _money(truth.price_minor, product.currency),
        "stock": truth.quantity,
        "state": truth.state,
        "availability": truth.availability,
        "shown_price": _money(truth.shown_price_minor(product), product.currency),
        "version": truth.version,
    }


def _path(product: Product) -> str:
    if product.layout is Layout.feed:
        return "/feed/products.csv"
    return f"/amazon/{product.site}/dp/{product.id}"


def _money(minor: int | None, currency: str) -> dict[str, str] | None:
    if minor is None:
        return None
    return {"amount": f"{minor // 100}.{minor % 100:02d}", "currency": currency}
