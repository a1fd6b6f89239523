"""``dropship why``: a decision explained, for whoever runs the stack."""

import asyncio

import click
import msgspec

from dropship.cli.broker import bus_to, stores_of
from dropship.cli.explaining import why_lines, why_not_lines
from dropship.cli.faults import Fault
from dropship.cli.log.reading import entries
from dropship.cli.options import home_option
from dropship.cli.settings import Stores
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.contracts.decisions import ListingWhy, ListingWhyNot
from dropship.contracts.listings import ListingRequested
from dropship.runtime.asking import Asker
from dropship.runtime.bus import Bus, Uncertain
from dropship.runtime.errors import NoAnswer, Refused, Retry

REQUESTED = f"evt.*.{ListingRequested.noun()}.{ListingRequested.verb()}"


@click.command("why")
@click.argument("listing")
@click.option("--not", "not_", is_flag=True, help="Why it has not changed.")
@click.option("--decision", type=click.IntRange(1), help="An earlier decision, by its number.")
@click.option("--json", "as_json", is_flag=True, help="The answer as it came.")
@home_option
def command(listing: str, not_: bool, decision: int | None, as_json: bool, home: Home) -> None:
    """Explain why a listing is as it is, or why it has not changed.

    \b
    Examples:
      dropship why 5b0c7a21-…
      dropship why 5b0c7a21-… --not
      dropship why 5b0c7a21-… --decision 3 --json | jq .chain
    """
    if not_ and decision is not None:
        raise click.UsageError("--not is about the newest decision: leave out --decision")
    stores = stores_of(stack_file.read(home))
    answer = asyncio.run(asked(stores, listing, not_, decision))
    if as_json:
        click.echo(answer)
        return
    told = msgspec.json.decode(answer)
    for line in why_not_lines(told) if not_ else why_lines(told):
        click.echo(line)


async def asked(stores: Stores, listing: str, not_: bool, decision: int | None) -> bytes:
    """The answer of policy, in the name of the tenant whose listing it is. Raises Fault."""
    question = (
        ListingWhyNot(listing_id=listing)
        if not_
        else ListingWhy(listing_id=listing, decision_no=decision)
    )
    try:
        async with bus_to(stores) as bus:
            tenant = await _tenant_of(bus, listing)
            return await Asker(bus).ask(question, tenant=tenant)
    except Refused as refused:
        raise Fault(
            f"{refused.detail or refused.reason}.\nList them with GET /v1/listings"
        ) from None
    except Retry as busy:
        raise Fault(f"policy cannot answer now ({busy}). See: dropship status") from busy
    except (NoAnswer, Uncertain) as error:
        raise Fault(f"{error}. See: dropship status") from error


async def _tenant_of(bus: Bus, listing: str) -> str:
    """Whose listing it is: the log says who asked for it."""
    async for entry in entries(bus, "EVENTS", subject=REQUESTED):
        if entry.envelope.subject == f"listing:{listing}" and entry.envelope.tenant is not None:
            return entry.envelope.tenant
    raise Fault(f"there never was a listing {listing}.\nList them with GET /v1/listings")
