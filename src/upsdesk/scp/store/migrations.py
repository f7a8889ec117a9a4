"""Which layout a store has, and how one is made or refused."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select

from upsdesk.scp.store.schema import VERSION, metadata, schema_version


class UnknownVersion(Exception):
    """The store was written by a newer program; it is left as it is."""


def prepare(connection: Connection) -> bool:
    """Create what is missing; True when the store is new. Raise UnknownVersion for one from the future."""
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=VERSION))
        return True
    found = connection.execute(select(schema_version.c.version)).scalar_one()
    if found != VERSION:
        raise UnknownVersion(
            f"the store has layout {found}, and this program knows {VERSION}: "
            "use a newer UPS Desk, or a new store"
        )
    return False
