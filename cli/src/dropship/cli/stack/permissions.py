"""What each service may say and hear on NATS, worked out from the catalogue: its part, and no more.

The server refuses the rest, so a mistaken or captured analytics cannot change a price or delete the
log. Only `admin` (migrations and this command line) may do everything.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points

from dropship.contracts.catalogue import EVENTS
from dropship.contracts.messages import LANES, Event
from dropship.runtime.embedded import Rights, User

ADMIN = "admin"
SERVICES = ("gateway", "tracker", "scraper", "policy", "syncer", "analytics")
ASKS = frozenset({"gateway"})
"""Who may put questions and commands to the owners."""

ORDERS: Mapping[str, tuple[str, ...]] = {"tracker": ("scraper",)}
"""Who may order work of whom. Everybody may order its own again: ``dropship dead retry``."""

DOES: Mapping[str, tuple[str, ...]] = {
    "scraper": ("dropship.suppliers",),
    "syncer": ("dropship.marketplaces",),
}
"""Who takes up work, and the entry point groups whose plugins have queues of their own."""

HEARD = ("EVENTS", "OBSERVATIONS")
RUNTIME = "runtime"
"""The owner of facts about work itself: every doer says them."""


def users(passwords: Mapping[str, str]) -> list[User]:
    """The users of a stack: the admin and one for each service that a password is given for."""
    services = [
        User(service, passwords[service], rights(service))
        for service in SERVICES
        if service in passwords
    ]
    return [User(ADMIN, passwords[ADMIN]), *services]


def rights(service: str) -> Rights:
    """Everything that the service may publish and subscribe to."""
    return Rights(
        publish=(*sorted({*_says(service), *_reads_streams(), *_works(service)}),),
        subscribe=(
            f"_INBOX_{service}.>",
            f"ask.{service}.>",
            f"wake.{service}",
            "$SRV.>",
        ),
        answers=True,
    )


def _says(service: str) -> Iterator[str]:
    for event in EVENTS.values():
        if event.owner == service or (event.owner == RUNTIME and service in DOES):
            yield _subject(event)
    yield f"fence.{service}"
    yield f"obsfence.{service}"
    yield f"wake.{service}"
    yield f"dead.{service}.>"
    for owner in (service, *ORDERS.get(service, ())):
        yield f"work.{owner}.>"
    if service in ASKS:
        yield "ask.>"


def _subject(event: type[Event]) -> str:
    """Every partition of it: the partition is the key's, not the sender's."""
    if event.stream == "OBSERVATIONS":
        return "obs.*.*"
    return f"evt.*.{event.noun()}.{event.verb()}"


def _reads_streams() -> Iterator[str]:
    for stream in (*HEARD, "WORK", "DEAD"):
        yield f"$JS.API.STREAM.INFO.{stream}"
    for stream in HEARD:
        yield f"$JS.API.DIRECT.GET.{stream}"
        yield f"$JS.API.CONSUMER.CREATE.{stream}.>"
        yield f"$JS.API.CONSUMER.INFO.{stream}.*"
        yield f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*"
        yield f"$JS.API.CONSUMER.DELETE.{stream}.*"


def _works(service: str) -> Iterator[str]:
    for consumer in queues(service):
        yield f"$JS.API.CONSUMER.INFO.WORK.{consumer}"
        yield f"$JS.API.CONSUMER.MSG.NEXT.WORK.{consumer}"
        yield f"$JS.ACK.WORK.{consumer}.>"


def queues(service: str) -> list[str]:
    """The durable consumers that the service takes work from, one for each plugin and lane."""
    plugins = sorted({e.name for group in DOES.get(service, ()) for e in entry_points(group=group)})
    return [f"{service}-{plugin}-{lane}" for plugin in plugins for lane in LANES]
