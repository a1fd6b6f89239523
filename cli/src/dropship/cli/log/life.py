"""The life of one thing: what was said about it, and the chain of causes around that."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from dropship.cli.log.reading import Entry
from dropship.contracts.envelope import Envelope


def is_about(envelope: Envelope, thing: str) -> bool:
    """Whether the message is the thing, is about it, or names it.

    A thing is an aggregate (``product:2b1c…``), its bare id, a job, a tenant, or a message id.
    """
    bare = thing.rpartition(":")[2]
    return (
        thing in (envelope.id, envelope.subject)
        or bare in (envelope.partitionkey, envelope.subject.rpartition(":")[2])
        or f'"{bare}"'.encode() in bytes(envelope.data)
    )


@dataclass
class Link:
    """A message with what it caused. `missing` is the id of a cause that is kept nowhere."""

    entry: Entry
    effects: list["Link"] = field(default_factory=list)
    missing: str | None = None


def chain(entries: Iterable[Entry]) -> list[Link]:
    """Messages hung under their causes, each level in the order of time."""
    by_id: dict[str, Link] = {}
    for entry in sorted(entries, key=lambda entry: entry.stored_at):
        by_id.setdefault(entry.envelope.id, Link(entry))
    roots = []
    for link in by_id.values():
        cause = link.entry.envelope.causationid
        if cause is not None and cause in by_id and cause != link.entry.envelope.id:
            by_id[cause].effects.append(link)
        else:
            link.missing = cause
            roots.append(link)
    return roots


def walk(links: Iterable[Link], depth: int = 0) -> Iterator[tuple[int, Link]]:
    """Every link with its depth, causes before effects."""
    for link in links:
        yield depth, link
        yield from walk(link.effects, depth + 1)


def missing_causes(entries: Collection[Entry]) -> set[str]:
    """Ids of causes that are not among the entries: done commands, for example."""
    known = {entry.envelope.id for entry in entries}
    return {
        entry.envelope.causationid
        for entry in entries
        if entry.envelope.causationid is not None and entry.envelope.causationid not in known
    }
