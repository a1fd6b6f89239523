"""``dropship parse``: what the supplier plugins read in saved pages."""

import sys
from typing import TextIO

import click

from dropship.scraper.adapters.saved_pages import parse_jsonl


@click.command("parse")
@click.option(
    "--jsonl",
    "lines",
    type=click.File("r", encoding="utf-8", errors="replace"),
    required=True,
    help='Questions, one a line: {"file", "url", "supplier"}; - is standard input.',
)
def command(lines: TextIO) -> None:
    """Read supplier pages from files, and answer one line of JSON for each.

    Answers come in the order of the questions, each as soon as it is known. A page that is blocked,
    empty or unknown yields no product and no price.

    \b
    Example:
      echo '{"file": "page.html", "url": null, "supplier": "amazon"}' | dropship parse --jsonl -
    """
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    parse_jsonl(lines, sys.stdout)
