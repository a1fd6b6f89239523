"""What came of the demo: for a machine as one JSON object, for a person as a few lines."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from dropship.cli.demo.world import Offered


@dataclass
class Pages:
    """What became of the saved pages, by file name; `skipped` and `failed` say why."""

    found: int = 0
    imported: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "imported": len(self.imported),
            "skipped": len(self.skipped),
            "failed": len(self.failed),
            "skipped_because": dict(Counter(self.skipped.values())),
            "failures": self.failed,
        }


@dataclass
class Summary:
    """Counts, timings in seconds, and one product with its price history."""

    imported: Counter[str] = field(default_factory=Counter)
    price_changes: int = 0
    stock_changes: int = 0
    events: int = 0
    pages: Pages | None = None
    example: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    why: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)

    def tell(self, step: str, **found: Any) -> None:
        """What came of one step."""
        self.steps[step] = found

    def imports(self, products: Iterable[Offered]) -> None:
        """Count what came in, by supplier plugin."""
        self.imported.update(offered.supplier.partition("-")[0] for offered in products)

    def as_json(self) -> dict[str, Any]:
        whole = asdict(self)
        whole["pages"] = self.pages.as_json() if self.pages else None
        return {"ok": True, **whole, "imported": dict(self.imported)}


def example_of(product: dict[str, Any], history: list[dict[str, Any]]) -> dict[str, Any]:
    """The product to show, with its history, oldest price first."""
    return {
        "product_id": product["id"],
        "supplier": product["supplier"],
        "external_id": product["external_id"],
        "title": product["title"],
        "prices": [{"at": point["observed_at"], "price": point["price"]} for point in history],
    }
