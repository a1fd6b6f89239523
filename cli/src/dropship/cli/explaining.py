"""A decision in words: the chain of causes, what each rule found, and where the money goes."""

from collections.abc import Iterator
from typing import Any


def why_lines(why: dict[str, Any]) -> Iterator[str]:
    """What the API answers to *why*, for a person."""
    yield f"decision {why['decision_no']} of {why['decided_at'][:19]}, because:"
    for link in why["chain"]:
        yield f"  {link['at'][11:23]}  {link['by']:<9} {link['said']}"
    for rule in why["rules"]:
        yield f"  {rule['rule']}: {rule['said']}"
    for line in why["breakdown"]:
        yield f"    {line}"


def why_not_lines(why_not: dict[str, Any]) -> Iterator[str]:
    """What the API answers to *why not*, for a person."""
    since, last = why_not["unchanged_since"][:19], why_not["last_confirmed_at"][:19]
    yield f"unchanged since {since} (decision {why_not['decision_no']})"
    yield f"looked at again {why_not['confirmations']} times, last {last}"
    for rule in why_not["because"]:
        yield f"  {rule['rule']}: {rule['said']}"
