"""The demo's summary for a person: a few lines, each with its figures."""

from collections.abc import Iterator
from typing import Any

from dropship.cli.demo.summary import Summary
from dropship.cli.explaining import why_lines


def lines_of(summary: Summary) -> Iterator[str]:
    """What happened, in the order in which it happened."""
    suppliers = ", ".join(f"{count} from {name}" for name, count in summary.imported.items())
    yield f"\nimported {suppliers}, in {summary.timings['imports_s']} s"
    yield from _pages(summary)
    yield from _steps(summary.steps)
    yield f"{summary.price_changes} new costs and {summary.stock_changes} new stocks were seen"
    yield "why does the first listing cost what it costs?"
    yield from why_lines(summary.why)
    yield f"the log holds {summary.events} messages and agrees with every journal"


def _pages(summary: Summary) -> Iterator[str]:
    if summary.pages is None:
        return
    counts = summary.pages.as_json()
    yield f"saved pages: {counts['imported']} of {counts['found']} imported"
    for reason, count in counts["skipped_because"].items():
        yield f"  {count} skipped: {reason}"
    for file, reason in summary.pages.failed.items():
        yield f"  {file} failed: {reason}"


def _steps(steps: dict[str, dict[str, Any]]) -> Iterator[str]:
    rose, out, back = steps["cost_rose"], steps["sold_out"], steps["returned"]
    lost, storm, sold = steps["lost"], steps["captcha_storm"], steps["orders"]
    day = steps["day_passed"]
    yield f"{steps['rehearsed']['listings']} listings decided in a dry run, nothing was sent"
    yield f"SWITCHED THE STORE TO LIVE: {steps['live']['listings']} listings on sale"
    yield (
        f"a cost rose from {_money(rose['cost_before'])} to {_money(rose['cost_after'])}: "
        f"the price went from {_money(rose['price_before'])} to {_money(rose['price_after'])} "
        f"in {rose['seconds']} s"
    )
    yield (
        f"an item sold out: {out['status']}, quantity {out['quantity_in_the_shop']}, "
        f"in {out['seconds']} s"
    )
    first = "price first, then stock" if back["price_first"] else "NOT price first"
    yield f"it came back: {_money(back['price'])} times {back['quantity']} ({first})"
    holds = ", ".join(lost["holds"])
    yield f"a cost made every price lose: {lost['status']} ({holds}); {lost['alert']}"
    written = storm["writes_during"]
    yield f"{storm['source']} showed captchas only: {written} writes; {storm['alert']}"
    yield (
        f"{sold['orders']} orders: revenue {sold['revenue']}, fees {sold['fees']}, "
        f"cost {sold['cost']}, profit {sold['profit']} USD; the shop's own books agree"
    )
    yield (
        f"a day passed: {day['active']} listings on sale, {day['paused']} paused, "
        f"each of them at most {day['most_live_of_one_listing']} time there"
    )


def _money(money: dict[str, str] | None) -> str:
    return f"{money['amount']} {money['currency']}" if money else "nothing"
