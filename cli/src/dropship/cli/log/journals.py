"""Messages that no stream holds any more, found in the journals of those who said them."""

from collections.abc import Collection

import psycopg
from psycopg import sql

from dropship.cli.log.reading import Entry
from dropship.contracts.envelope import open_envelope

_FIND = """
SELECT stream, coalesce(stream_seq, 0), payload FROM {}.journal WHERE id = ANY(%s::uuid[])
"""


def find(database_url: str, services: Collection[str], ids: Collection[str]) -> list[Entry]:
    """Those of the messages that a journal still holds. Raises psycopg.Error."""
    found: list[Entry] = []
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        for service in services:
            query = sql.SQL(_FIND).format(sql.Identifier(service))
            for stream, seq, payload in connection.execute(query, (list(ids),)):
                envelope = open_envelope(payload)
                found.append(Entry(stream, seq, envelope.time, envelope))
    return found
