"""Workitems in the store: found, added, replaced on the condition that nobody was quicker, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import moment_or_none
from upsdesk.scp.model import Stored
from upsdesk.scp.narrowing import INDEXED_TAGS, WHEN_TAGS, Narrowing, When, key_values
from upsdesk.scp.store.encoding import KeptElements, encoded
from upsdesk.scp.store.schema import NO_START, search_keys, subscriptions, workitems
from upsdesk.scp.store.searching import Place, candidates

FIRST_PAGE, PAGE = 20, 100
"""Workitems in memory at a time; the first are few, so that an answer begins at once."""
LONG = 256 * 1024
"""Bytes of an encoded data set; longer ones are in memory one at a time, not a page of them."""
_FIRST_CANDIDATES, _MOST_CANDIDATES = 100, 10_000
"""UIDs found at a time: more and more, since a search that has to sort begins anew for each lot."""

_OPEN = Narrowing()
_KEPT = (
    workitems.c.uid,
    workitems.c.state,
    workitems.c.lock,
    workitems.c.performer,
    workitems.c.ended,
    workitems.c.revision,
    workitems.c.data,
)


# Built once: putting a statement together takes longer than running it.
_BY_UID = select(*_KEPT).where(workitems.c.uid == bindparam("wanted"))
_SHORT = select(
    *_KEPT[:-1], case((func.length(workitems.c.data) <= LONG, workitems.c.data)).label("data")
).where(workitems.c.uid.in_(bindparam("wanted", expanding=True)))
_INSERT = insert(workitems)
_INSERT_KEYS = insert(search_keys)
_REPLACE = (
    update(workitems)
    .where(
        workitems.c.uid == bindparam("old_uid"),
        workitems.c.revision == bindparam("old_revision"),
        workitems.c.state == bindparam("old_state"),
    )
    .values({column: bindparam(column.name) for column in workitems.c if column is not workitems.c.uid})
)
_MOVE_KEYS = update(search_keys).where(search_keys.c.uid == bindparam("old_uid"))
_FORGET_KEYS = delete(search_keys).where(search_keys.c.uid == bindparam("old_uid"))


class Duplicate(Exception):
    """A workitem with this UID exists."""


class WorkitemReader:
    """What can be asked about workitems."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def workitem(self, uid: str) -> Stored | None:
        row = self._connection.execute(_BY_UID, {"wanted": uid}).first()
        return _stored(row) if row is not None else None

    def workitems(self, uids: Sequence[str]) -> list[Stored | SopInstanceUid]:
        """Those of `uids` that exist, in the same order; at most some hundreds at a time.

        Of one whose data set is LONG there is the UID, so that each is read when it is its turn.
        """
        found = {row.uid: row for row in self._connection.execute(_SHORT, {"wanted": uids})}
        rows = (found[uid] for uid in uids if uid in found)
        return [_stored(row) if row.data is not None else SopInstanceUid(row.uid) for row in rows]

    def count(self, state: ProcedureStepState | None = None) -> int:
        query = select(func.count()).select_from(workitems)
        if state is not None:
            query = query.where(workitems.c.state == state.value)
        return self._connection.execute(query).scalar_one()

    def candidates(self, narrowing: Narrowing, after: Place | None, limit: int) -> list[Place]:
        """Start and UID of up to `limit` workitems behind `after` that `narrowing` leaves, by start."""
        rows = self._connection.execute(candidates(narrowing, after, limit))
        return [(row.start, row.uid) for row in rows]

    def next_end(self, after: float) -> float | None:
        """When the first final workitem ended that did so at `after` or later, kept by a lock or not."""
        query = select(workitems.c.ended).where(workitems.c.ended >= after)
        return self._connection.execute(query.order_by(workitems.c.ended).limit(1)).scalar_one_or_none()

    def ended_before(
        self, moment: float, limit: int = PAGE, after: float = float("-inf")
    ) -> tuple[SopInstanceUid, ...]:
        """Workitems that ended before `moment` and that no deletion lock keeps, of those behind `after`."""
        query = select(workitems.c.uid).where(workitems.c.ended < moment, ~_is_held())
        if after != float("-inf"):
            query = query.where(workitems.c.ended >= after)
        rows = self._connection.execute(query.order_by(workitems.c.ended).limit(limit))
        return tuple(SopInstanceUid(uid) for uid in rows.scalars())

    def next_expiration(self) -> float | None:
        """When the first SCHEDULED workitem expires."""
        query = select(workitems.c.expires).where(
            workitems.c.expires.is_not(None), workitems.c.state == ProcedureStepState.SCHEDULED.value
        )
        return self._connection.execute(query.order_by(workitems.c.expires).limit(1)).scalar_one_or_none()

    def expired_before(self, moment: float, limit: int = PAGE) -> tuple[SopInstanceUid, ...]:
        """SCHEDULED workitems that expired before `moment`, the oldest first."""
        query = select(workitems.c.uid).where(
            workitems.c.expires < moment, workitems.c.state == ProcedureStepState.SCHEDULED.value
        )
        rows = self._connection.execute(query.order_by(workitems.c.expires).limit(limit))
        return tuple(SopInstanceUid(uid) for uid in rows.scalars())


class WorkitemWriter(WorkitemReader):
    """What can be done to workitems."""

    def __init__(self, connection: Connection, zone: tzinfo) -> None:
        """`zone` is that of date-times which carry none."""
        super().__init__(connection)
        self._zone = zone
        self.moves_the_clock = False
        """Whether a workitem has ended or may expire, so that something may be due earlier than before."""

    def insert(self, stored: Stored) -> None:
        """Add a workitem; raise Duplicate when its UID is used, after which the transaction is to be left."""
        columns = self._columns(stored)
        try:
            self._connection.execute(_INSERT, {"uid": stored.uid, **columns})
        except IntegrityError as error:
            raise Duplicate from error
        self._write_keys(stored, columns)

    def update(self, before: Stored, after: Stored) -> bool:
        """Replace `before` by `after`, unless it changed meanwhile: then nothing is done, and False.

        The condition is part of the update itself, so of two simultaneous claims one finds no row.
        """
        columns = self._columns(after) | {"revision": before.revision + 1}
        old = {"old_uid": before.uid, "old_revision": before.revision, "old_state": before.state.value}
        done = self._connection.execute(_REPLACE, columns | old)
        if done.rowcount != 1:
            return False
        if any(_differ(before, after, tag) for tag in INDEXED_TAGS):
            self._connection.execute(_FORGET_KEYS, {"old_uid": before.uid})
            self._write_keys(after, columns)
        elif before.state is not after.state or _differ(before, after, WHEN_TAGS[When.START]):
            place = {"state": columns["state"], "start": columns["start"]}
            self._connection.execute(_MOVE_KEYS, place | {"old_uid": before.uid})
        return True

    def delete(self, uid: str) -> None:
        """Forget a workitem with its subscriptions."""
        for table in (workitems, search_keys, subscriptions):
            self._connection.execute(delete(table).where(table.c.uid == uid))

    def not_subscribed(self, aet: AeTitle, narrowing: Narrowing = _OPEN) -> Iterator[Stored]:
        """The workitems that `aet` is not subscribed to, of those that `narrowing` leaves, by start."""
        for lot in lots(self.candidates, narrowing):
            mine = select(subscriptions.c.uid).where(subscriptions.c.aet == aet, subscriptions.c.uid.in_(lot))
            known = set(self._connection.execute(mine).scalars())
            for one in self.workitems([uid for uid in lot if uid not in known]):
                stored = one if isinstance(one, Stored) else self.workitem(one)
                if stored is not None:
                    yield stored

    def _columns(self, stored: Stored) -> dict[str, object]:
        elements = stored.elements
        moments = {when.value: self._moment(elements, tag) for when, tag in WHEN_TAGS.items()}
        if stored.ended is not None or moments[When.EXPIRATION.value] is not None:
            self.moves_the_clock = True
        if moments[When.START.value] is None:
            moments[When.START.value] = NO_START
        return {
            "state": stored.state.value,
            "lock": stored.lock,
            "performer": stored.performer,
            "ended": stored.ended,
            "revision": stored.revision,
            "priority": elements.text(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY),
            "readiness": elements.text(tags.INPUT_READINESS_STATE),
            **moments,
            "data": encoded(elements),
        }

    def _moment(self, elements: Elements, tag: int) -> float | None:
        text = elements.text(tag)
        if not text:
            return None
        offset = elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
        moment = moment_or_none(text, data_set_offset=offset, default_zone=self._zone)
        return moment.instant.timestamp() if moment is not None else None

    def _write_keys(self, stored: Stored, columns: dict[str, object]) -> None:
        rows = [
            {
                "uid": stored.uid,
                "kind": key.value,
                "value": value,
                "state": columns["state"],
                "start": columns["start"],
            }
            for key, value in key_values(stored.elements)
        ]
        if rows:
            self._connection.execute(_INSERT_KEYS, rows)


def lots(
    find: Callable[[Narrowing, Place | None, int], Sequence[Place]], narrowing: Narrowing
) -> Iterator[list[str]]:
    """The UIDs that `narrowing` leaves, by start, in lots of up to PAGE; `find` finds more when needed."""
    if narrowing.uids:
        uids = sorted(set(narrowing.uids))
        yield from (uids[at : at + PAGE] for at in range(0, len(uids), PAGE))
        return
    size, after = _FIRST_CANDIDATES, None
    first = FIRST_PAGE
    while True:
        found = find(narrowing, after, size)
        uids = [uid for _, uid in found]
        if first and uids:
            yield uids[:first]
        yield from (uids[at : at + PAGE] for at in range(first, len(uids), PAGE))
        if len(found) < size:
            return
        first, after = 0, found[-1]
        size = min(size * 10, _MOST_CANDIDATES)


def _is_held() -> ColumnElement[bool]:
    """Whether a deletion lock keeps the workitem (PS3.4 CC.2.3.1)."""
    return exists().where(subscriptions.c.uid == workitems.c.uid, subscriptions.c.lock.is_(True))


def _differ(before: Stored, after: Stored, tag: int) -> bool:
    return before.elements.get(tag) != after.elements.get(tag)


def _stored(row: Any) -> Stored:
    return Stored(
        uid=SopInstanceUid(row.uid),
        state=ProcedureStepState(row.state),
        elements=KeptElements(row.data),
        lock=TransactionUid(row.lock) if row.lock else None,
        performer=AeTitle(row.performer) if row.performer else None,
        ended=row.ended,
        revision=row.revision,
    )
