"""Which layout a store has: how one is made, brought up to date, or refused."""

from __future__ import annotations

from datetime import tzinfo

from sqlalchemy import Connection, func, insert, inspect, select, text, update

from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import Stored
from upsdesk.scp.store.encoding import KeptElements
from upsdesk.scp.store.schema import VERSION, deliveries, metadata, outbox, schema_version
from upsdesk.scp.store.workitems import WorkitemWriter

_OLDEST = 1
_ASIDE = "before_"
_LOT = 500


class UnknownVersion(Exception):
    """The store has a layout that this program does not read; it is left as it is."""


def prepare(connection: Connection, zone: tzinfo) -> bool:
    """Create what is missing, and bring an older store up to date; True when the store is new.

    All in the caller's transaction: an interrupted migration leaves the old store. Raises UnknownVersion for
    one from the future.
    """
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=VERSION))
        return True
    found = _version(connection)
    if not _OLDEST <= found <= VERSION:
        raise _unknown(found)
    if found < VERSION:
        _migrate(connection, zone)
        connection.execute(update(schema_version).values(version=VERSION))
    return False


def check_readable(connection: Connection) -> None:
    """Raise UnknownVersion unless the layout is that of this program."""
    if not inspect(connection).has_table(schema_version.name):
        raise UnknownVersion("this is no store of an UPS Desk SCP")
    found = _version(connection)
    if found < VERSION:
        raise UnknownVersion(
            f"the store has layout {found}: start the SCP on it once, which brings it to layout {VERSION}"
        )
    if found > VERSION:
        raise _unknown(found)


def _unknown(found: int) -> UnknownVersion:
    return UnknownVersion(
        f"the store has layout {found}, and this program knows {VERSION}: "
        "use a newer UPS Desk, or a new store"
    )


def _version(connection: Connection) -> int:
    return int(connection.execute(select(schema_version.c.version)).scalar_one())


def _migrate(connection: Connection, zone: tzinfo) -> None:
    """Build the present layout anew out of what every version has had; the columns stand below.

    All else is derived from the data sets, so a later layout does not need a step from each earlier one.
    """
    inspector = inspect(connection)
    old = {table: inspector.get_indexes(table) for table in inspector.get_table_names()}
    for table in ("workitems", "subscriptions", "global_subscriptions", "outbox"):
        for index in old.pop(table):
            connection.execute(text(f"DROP INDEX {index['name']}"))
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {_ASIDE}{table}"))
    for table in set(old) - {schema_version.name}:
        connection.execute(text(f"DROP TABLE {table}"))
    metadata.create_all(connection)
    _copy_workitems(connection, zone)
    for table, columns in (
        ("subscriptions", "uid, aet, lock"),
        ("global_subscriptions", "aet, lock, filter"),
        ("outbox", "number, aet, event_type, uid, information"),
    ):
        connection.execute(text(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_ASIDE}{table}"))
    _count_queues(connection)
    for table in ("workitems", "subscriptions", "global_subscriptions", "outbox"):
        connection.execute(text(f"DROP TABLE {_ASIDE}{table}"))


def _copy_workitems(connection: Connection, zone: tzinfo) -> None:
    writer = WorkitemWriter(connection, zone)
    columns = "uid, state, lock, performer, ended, revision, data"
    lot = text(f"SELECT {columns} FROM {_ASIDE}workitems WHERE uid > :after ORDER BY uid LIMIT {_LOT}")
    after = ""
    while rows := connection.execute(lot, {"after": after}).all():
        for row in rows:
            writer.insert(
                Stored(
                    uid=SopInstanceUid(row.uid),
                    state=ProcedureStepState(row.state),
                    elements=KeptElements(row.data),
                    lock=TransactionUid(row.lock) if row.lock else None,
                    performer=AeTitle(row.performer) if row.performer else None,
                    ended=row.ended,
                    revision=row.revision,
                )
            )
        after = rows[-1].uid


def _count_queues(connection: Connection) -> None:
    rows = connection.execute(select(outbox.c.aet, func.count()).group_by(outbox.c.aet)).all()
    for aet, number in rows:
        connection.execute(
            insert(deliveries).values(
                aet=aet, queued=number, sent=0, failed=0, dropped=0, is_full=False, error=""
            )
        )
