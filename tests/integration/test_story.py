"""A price rises, and the listing follows; it sells out, and it is gone: the demo keeps its word."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from integration import programs
from integration.running import Homes, dropship
from integration.stories import (
    Books,
    Tale,
    beginning,
    comes_to_rest,
    everything_said,
    told,
    written_at_a_loss,
)

SHARED = Path(__file__).parents[3] / "shared"
PAGES, SPECS = SHARED / "pages", SHARED / "specs"
CHECKER = SHARED / "tools" / "check_exchanges.py"
LONGEST_S = 180.0


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchanges") / "demo.jsonl"


@pytest.fixture(scope="module")
async def tale(homes: Homes, record: Path) -> AsyncIterator[Tale]:
    """The story, told once; saved pages and descriptions take part where there are any."""
    with homes() as home:
        given = [f"--record={record}"]
        given += [f"--pages={PAGES}"] if PAGES.is_dir() else []
        given += [f"--specs={SPECS}"] if SPECS.is_dir() else []
        async with beginning(home, *given) as process:
            tale = await told(process, home, LONGEST_S)
            yield tale
            assert await tale.leaves() == 0
        assert not home.exists() or not list(home.glob("*")), "nothing of it is kept"
        left = [
            pid
            for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if str(home).encode() in programs.command_line(pid)
        ]
        assert left == []


async def test_a_new_store_is_a_dry_run_until_the_seller_says_otherwise(tale: Tale) -> None:
    steps = tale.summary["steps"]
    assert steps["connected"]["mode"] == "dry_run"
    assert steps["rehearsed"] == {"listings": 12, "writes": 0}
    assert steps["live"] == {"listings": 12}


async def test_a_cost_rises_and_the_price_is_the_least_that_earns_twenty_percent(
    tale: Tale,
) -> None:
    rose = tale.summary["steps"]["cost_rose"]
    cost, price = (
        int(Decimal(rose[name]["amount"]) * 100) for name in ("cost_after", "price_after")
    )
    assert price == _least_price(cost)
    assert int(Decimal(str(rose["price_in_the_shop"])) * 100) == price
    assert int(Decimal(rose["price_before"]["amount"]) * 100) == _least_price(
        int(Decimal(rose["cost_before"]["amount"]) * 100)
    )


def _least_price(cost: int) -> int:
    """Cent by cent: the first price of which a fifth is left after 2.9 %, 0.30 and the cost."""
    price = cost
    while True:
        exact, rest = divmod(price * 29, 1000)
        fee = exact + (rest > 500 or (rest == 500 and exact % 2 == 1)) + 30
        if (price - fee - cost) * 5 >= price:
            return price
        price += 1


async def test_what_is_sold_out_at_the_supplier_is_at_once_not_for_sale(tale: Tale) -> None:
    out = tale.summary["steps"]["sold_out"]
    assert (out["status"], out["quantity_in_the_shop"]) == ("Paused", 0)
    assert out["holds"] == ["out_of_stock"]


async def test_what_comes_back_gets_its_new_price_before_it_can_be_bought(tale: Tale) -> None:
    back = tale.summary["steps"]["returned"]
    assert back["status"] == "Active"
    assert back["price_first"] is True
    assert back["quantity"] > 0


async def test_what_can_only_lose_money_is_paused_and_the_seller_is_told(tale: Tale) -> None:
    lost = tale.summary["steps"]["lost"]
    assert lost["status"] == "Paused"
    assert "low_margin" in lost["holds"]
    assert lost["alert"]


async def test_a_supplier_that_shows_captchas_changes_nothing_in_the_shop(tale: Tale) -> None:
    storm = tale.summary["steps"]["captcha_storm"]
    assert storm["writes_during"] == 0
    assert storm["source"] in storm["alert"]


async def test_the_profit_is_right_to_the_cent_by_the_shop_s_own_books(tale: Tale) -> None:
    sold = tale.summary["steps"]["orders"]
    revenue, fees, cost = (Decimal(sold[name]) for name in ("revenue", "fees", "cost"))
    assert sold["orders"] == 4
    assert Decimal(sold["profit"]) == revenue - fees - cost
    sums = (await Books(tale.stack).ledger())["sums"]
    assert (Decimal(str(sums["revenue"])), Decimal(str(sums["fees"]))) == (revenue, fees)
    ((rows, fees_rows),) = await tale.stack.sql(
        "SELECT sum(revenue_minor), sum(fees_minor) FROM analytics.marketplace_data"
    )
    assert (Decimal(rows) / 100, Decimal(fees_rows) / 100) == (revenue, fees)


async def test_why_names_the_reading_the_change_the_decision_and_the_call(tale: Tale) -> None:
    said = [link["type"] for link in tale.summary["why"]["chain"]]
    assert [name for name in said if "price.changed" in name or "stock.changed" in name]
    assert any("decision.made" in name for name in said)
    assert any("listing." in name for name in said)
    moments = [link["at"] for link in tale.summary["why"]["chain"]]
    assert moments == sorted(moments)


@pytest.mark.parametrize(("options", "words"), [((), "because:"), (("--not",), "unchanged since")])
async def test_whoever_runs_the_stack_is_told_why_as_well(
    tale: Tale, options: tuple[str, ...], words: str
) -> None:
    id_ = tale.summary["why"]["listing_id"]
    done = await dropship("why", id_, *options, "--home", str(tale.stack.home))
    assert done.code == 0, done.said
    assert words in done.said
    assert all(rule["rule"] in done.said for rule in tale.summary["why"]["rules"])


async def test_no_price_that_reached_the_shop_loses_money_and_nothing_is_listed_twice(
    tale: Tale,
) -> None:
    await comes_to_rest(tale.stack)
    ledger = await Books(tale.stack).ledger()
    assert written_at_a_loss(ledger, await everything_said(tale.stack)) == []
    assert set(ledger["max_existing_per_sku"].values()) == {1}
    assert ledger["self_violations"] == 0


async def test_the_figures_counted_again_from_the_first_event_are_the_same_bytes(
    tale: Tale,
) -> None:
    done = await dropship("log", "rebuild", "analytics", "--home", str(tale.stack.home))
    assert done.code == 0, done.said
    assert len(set(re.findall(r"[0-9a-f]{64}", done.said))) == 1, done.said


def test_every_exchange_with_the_shop_fits_its_own_description(tale: Tale, record: Path) -> None:
    if not CHECKER.is_file():
        pytest.skip("there is no ../shared/tools/check_exchanges.py beside the repository")
    checked = subprocess.run(
        [sys.executable, str(CHECKER), str(record)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-1000:]


async def test_the_demo_imports_every_saved_product_page_that_a_plugin_reads(tale: Tale) -> None:
    if tale.summary["pages"] is None:
        pytest.skip("there is no folder of saved pages beside the repository (../shared/pages)")
    pages = tale.summary["pages"]
    assert pages["failures"] == {}
    assert pages["imported"] >= 14
    assert pages["imported"] + pages["skipped"] == pages["found"]
