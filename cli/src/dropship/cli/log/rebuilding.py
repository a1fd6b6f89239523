"""Which services can be rebuilt from the log as they are, and what is said of a rebuild."""

from typing import Any

import click

from dropship.analytics.handlers.counting import REMEMBERED
from dropship.cli.faults import Fault
from dropship.contracts.catalogue import EVENTS
from dropship.runtime.rebuilding import Memory, Rebuilt, digest_of

MEMORIES = {memory.service: memory for memory in (REMEMBERED,)}
NAMED = 3


def memory_of(service: str) -> Memory:
    """What the service remembers. Raises Fault where hearing again would mean saying again."""
    if service in MEMORIES:
        return MEMORIES[service]
    says = sorted(event.__name__ for event in EVENTS.values() if event.owner == service)
    named = ", ".join(says[:NAMED]) + (" …" if len(says) > NAMED else "")
    raise Fault(
        f"{service} is not rebuilt: it remembers more than what it heard, and says things of its"
        f" own ({named}), which it would say again.\n"
        f"Only who says nothing can be rebuilt: {', '.join(MEMORIES)}"
    )


def as_object(service: str, found: Rebuilt, took_s: float) -> dict[str, Any]:
    """Everything that was found, for programs."""
    return {
        "service": service,
        "equal": not found.differing,
        "before": digest_of(found.before),
        "after": digest_of(found.after),
        "differing": found.differing,
        "replaced": found.replaced,
        "events": found.events,
        "seq": found.seq,
        "parked": found.parked,
        "failed": found.failed,
        "running": found.running,
        "took_s": round(took_s, 3),
    }


def tell(service: str, found: Rebuilt, took_s: float) -> None:
    """The same for people."""
    speed = f"{found.events / took_s:,.0f} a second" if took_s else ""
    click.echo(f"{service}: {found.events} events folded again up to {found.seq} ({speed})")
    click.echo(f"before  {digest_of(found.before)}")
    click.echo(f"after   {digest_of(found.after)}")
    if found.parked:
        click.echo(f"{found.parked} parked events count on neither side; see: dropship dead list")
    for event in found.failed:
        click.echo(f"not counted on either side: {event}")
    if found.differing:
        click.secho(f"different: {', '.join(found.differing)}. The rows are replaced", fg="red")
    else:
        click.secho("equal: every row follows from the log", fg="green")
    if not found.running:
        click.echo(f"{service} is not running, and hears no more until: dropship up")
