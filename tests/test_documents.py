"""What the documents show is run, so that it stays true."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dropship.runtime.telemetry import metrics  # noqa: F401 - fills the registry
from dropship.scraper.adapters.conformance import SupplierConformance
from repo_as_data import ROOT, files, place

SUPPLIERS = (ROOT / "docs" / "suppliers.md").read_text(encoding="utf-8")
PAGES = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def block(language: str) -> str:
    """The first block of code in that language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", SUPPLIERS, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def shown() -> ModuleType:
    """The plugin of the page, as an installed module would be."""
    module = ModuleType("acme_supplier")
    sys.modules[module.__name__] = module
    exec(compile(block("python"), "acme_supplier.py", "exec"), vars(module))  # noqa: S102
    return module


class TestTheSupplierThatIsShown(SupplierConformance):
    """It keeps every promise of the port."""

    plugin = staticmethod(shown().plugin)

    @pytest.fixture(autouse=True)
    def recorded(self, tmp_path: Path) -> None:
        body = '{"name": "A kettle", "price": "12.90", "stock": 4}'
        (tmp_path / "in_stock.json").write_text(body, encoding="utf-8")
        (tmp_path / "cases.json").write_text(block("json"), encoding="utf-8")
        type(self).recordings = tmp_path


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_a_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []
