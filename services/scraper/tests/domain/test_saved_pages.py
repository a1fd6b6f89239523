"""Real saved pages, where this machine has them: no false fact, whole or damaged.

The pages belong to others and are in no repository; DROPSHIP_PAGES names another folder.
"""

import gzip
import json
import os
from pathlib import Path
from random import Random  # noqa: TID251 - a seeded one
from typing import Any

import pytest

from dropship.scraper.domain.amazon.reader import read
from dropship.scraper.domain.reading import Look, NoReading, Page, Reading

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[5] / "shared" / "pages"
PAGES = Path(os.environ.get("DROPSHIP_PAGES", BESIDE_THE_REPOSITORY))
TRUTHS = [json.loads(path.read_text("utf-8")) for path in sorted(PAGES.glob("amazon-*.json"))]
SOLD_OUT = {"out_of_stock"}

pytestmark = pytest.mark.skipif(not TRUTHS, reason=f"no saved pages under {PAGES}")


def page_of(truth: dict[str, Any]) -> Page:
    path = PAGES / truth["file"]
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return Page(url=truth.get("url") or "", status=200, headers={}, body=body)


def told(truth: dict[str, Any], page: Page) -> Reading | NoReading:
    return read(page, Look(source="", external_id=truth.get("requested_id") or ""))


def prices_of(truth: dict[str, Any]) -> set[str | None]:
    return {truth.get("price"), *truth.get("price_also_accepted", [])}


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth["file"])
def test_a_saved_page_is_read_as_people_read_it(truth: dict[str, Any]) -> None:
    reading = told(truth, page_of(truth))
    if truth["page_kind"] != "product":
        assert isinstance(reading, NoReading)
        return
    assert isinstance(reading, Reading)
    assert reading.external_id == truth["id"]
    assert (reading.price.amount if reading.price else None) in prices_of(truth)
    assert (reading.availability in SOLD_OUT) == (truth["availability"] in SOLD_OUT)
    assert reading.rating == truth["rating"]
    assert reading.review_count == truth["review_count"]
    assert truth["image_count"] in (None, len(reading.images))
    assert reading.is_conclusive


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth["file"])
def test_a_page_cut_anywhere_tells_no_false_price(truth: dict[str, Any]) -> None:
    dice = Random(truth["file"])  # noqa: S311
    page = page_of(truth)
    for _ in range(4):
        body = page.body[: dice.randrange(len(page.body))]
        cut = Page(url=page.url, status=200, headers={}, body=body)
        reading = told(truth, cut)
        price = getattr(reading, "price", None)
        assert price is None or price.amount in prices_of(truth)
