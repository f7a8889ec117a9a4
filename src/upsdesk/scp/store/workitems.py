"""Workitems in the store: found, added, replaced on the condition that nobody was quicker, deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import moment_or_none
from upsdesk.scp.matching import SIDE_PATHS, Narrowing
from upsdesk.scp.model import Stored
from upsdesk.scp.store.encoding import decoded, encoded
from upsdesk.scp.store.schema import NO_START, side_keys, subscriptions, workitems

PAGE = 100


class Duplicate(Exception):
    """A workitem with this UID exists."""


class WorkitemReader:
    """What can be asked about workitems."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def workitem(self, uid: str) -> Stored | None:
        row = self._connection.execute(select(workitems).where(workitems.c.uid == uid)).first()
        return _stored(row) if row is not None else None

    def count(self, state: ProcedureStepState | None = None) -> int:
        query = select(func.count()).select_from(workitems)
        if state is not None:
            query = query.where(workitems.c.state == state.value)
        return self._connection.execute(query).scalar_one()

    def page(
        self, narrowing: Narrowing, after: tuple[float, str] | None, size: int
    ) -> tuple[Sequence[Stored], tuple[float, str] | None]:
        """Up to `size` workitems behind `after`, and where the next page begins; None: there is none."""
        query = select(workitems).where(*_conditions(narrowing))
        if after is not None:
            query = query.where(tuple_(workitems.c.start, workitems.c.uid) > tuple_(*after))
        rows = self._connection.execute(query.order_by(workitems.c.start, workitems.c.uid).limit(size)).all()
        following = (rows[-1].start, rows[-1].uid) if len(rows) == size else None
        return [_stored(row) for row in rows], following


class WorkitemWriter(WorkitemReader):
    """What can be done to workitems."""

    def __init__(self, connection: Connection, zone: tzinfo) -> None:
        """`zone` is that of date-times which carry none."""
        super().__init__(connection)
        self._zone = zone

    def insert(self, stored: Stored) -> None:
        """Add a workitem; raise Duplicate when its UID is used."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(workitems).values(uid=stored.uid, **self._columns(stored)))
        except IntegrityError as error:
            raise Duplicate from error
        self._write_side_keys(stored)

    def update(self, before: Stored, after: Stored) -> bool:
        """Replace `before` by `after`, unless it changed meanwhile: then nothing is done, and False.

        The condition is part of the update itself, so of two simultaneous claims one finds no row.
        """
        done = self._connection.execute(
            update(workitems)
            .where(
                workitems.c.uid == before.uid,
                workitems.c.revision == before.revision,
                workitems.c.state == before.state.value,
            )
            .values(**self._columns(after) | {"revision": before.revision + 1})
        )
        if done.rowcount != 1:
            return False
        if any(before.elements.get(path[0]) != after.elements.get(path[0]) for path in SIDE_PATHS.values()):
            self._connection.execute(delete(side_keys).where(side_keys.c.uid == before.uid))
            self._write_side_keys(after)
        return True

    def delete(self, uid: str) -> None:
        """Forget a workitem with its subscriptions."""
        for table in (workitems, side_keys, subscriptions):
            self._connection.execute(delete(table).where(table.c.uid == uid))

    def ended_before(self, moment: float, limit: int = PAGE) -> tuple[SopInstanceUid, ...]:
        """Workitems that ended before `moment` and that no deletion lock keeps."""
        held = exists().where(subscriptions.c.uid == workitems.c.uid, subscriptions.c.lock.is_(True))
        rows = self._connection.execute(
            select(workitems.c.uid).where(workitems.c.ended < moment, ~held).limit(limit)
        )
        return tuple(SopInstanceUid(uid) for uid in rows.scalars())

    def not_subscribed(self, aet: AeTitle) -> Iterator[Stored]:
        """The workitems that `aet` is not subscribed to."""
        mine = select(subscriptions.c.uid).where(subscriptions.c.aet == aet)
        uids = self._connection.execute(
            select(workitems.c.uid).where(workitems.c.uid.not_in(mine)).order_by(workitems.c.start)
        ).scalars()
        for uid in uids.all():
            stored = self.workitem(uid)
            if stored is not None:
                yield stored

    def _columns(self, stored: Stored) -> dict[str, object]:
        elements = stored.elements
        start = moment_or_none(
            elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME),
            data_set_offset=elements.text(tags.TIMEZONE_OFFSET_FROM_UTC),
            default_zone=self._zone,
        )
        return {
            "state": stored.state.value,
            "lock": stored.lock,
            "performer": stored.performer,
            "ended": stored.ended,
            "revision": stored.revision,
            "priority": elements.text(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY),
            "readiness": elements.text(tags.INPUT_READINESS_STATE),
            "patient_id": elements.text(tags.PATIENT_ID),
            "start": start.instant.timestamp() if start is not None else NO_START,
            "data": encoded(elements),
        }

    def _write_side_keys(self, stored: Stored) -> None:
        rows = [
            {"uid": stored.uid, "kind": kind, "value": value}
            for kind, (sequence, tag) in SIDE_PATHS.items()
            for value in sorted({item.text(tag) for item in stored.elements.items(sequence)} - {""})
        ]
        if rows:
            self._connection.execute(insert(side_keys), rows)


def _conditions(narrowing: Narrowing) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if narrowing.uids:
        found.append(workitems.c.uid.in_(narrowing.uids))
    for column in ("state", "priority", "readiness", "patient_id"):
        value = getattr(narrowing, column)
        if value:
            found.append(workitems.c[column] == value)
    if narrowing.start is not None:
        low, high = narrowing.start
        if low != float("-inf"):
            found.append(workitems.c.start >= low)
        found.append(workitems.c.start <= min(high, NO_START - 1))
    for kind, value in narrowing.side:
        here = select(side_keys.c.uid).where(side_keys.c.kind == kind, side_keys.c.value == value)
        found.append(workitems.c.uid.in_(here))
    return found


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    return Stored(
        uid=SopInstanceUid(row.uid),
        state=ProcedureStepState(row.state),
        # Texts are kept as UTF-8 whatever they came in; the encoder says so again where that is needed.
        elements=decoded(row.data).without(tags.SPECIFIC_CHARACTER_SET),
        lock=TransactionUid(row.lock) if row.lock else None,
        performer=AeTitle(row.performer) if row.performer else None,
        ended=row.ended,
        revision=row.revision,
    )
