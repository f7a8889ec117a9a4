"""Where the SCP keeps workitems, subscriptions and waiting reports: one transaction per change."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from upsdesk.dicom import datasets
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import moment_or_none
from upsdesk.scp import sqlite
from upsdesk.scp.matching import SIDE_PATHS, Narrowing
from upsdesk.scp.model import (
    GlobalSubscription,
    OutgoingReport,
    QueuedReport,
    Stored,
    Subscriber,
)
from upsdesk.scp.schema import (
    NO_START,
    global_subscriptions,
    outbox,
    prepare,
    side_keys,
    subscriptions,
    workitems,
)

_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
PAGE = 100


class Duplicate(Exception):
    """A workitem with this UID exists."""


class Repository:
    """The store. Reading and writing may happen on any thread; one writes at a time."""

    def __init__(self, store: str | Path, zone: tzinfo) -> None:
        """Open or create it. Raises OSError, and schema.UnknownVersion for one of a newer program."""
        self._engine = sqlite.open_engine(store)
        self._zone = zone
        self._write_lock = threading.RLock()
        self._shared = sqlite.is_shared(self._engine)
        with self._engine.execution_options(**{sqlite.IMMEDIATE: True}).begin() as connection:
            self.is_new = prepare(connection)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One consistent view of the store."""
        guard: AbstractContextManager[object] = self._write_lock if self._shared else nullcontext()
        with guard, self._engine.begin() as connection:
            yield Reader(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One transaction: committed at the end, undone when the block raises."""
        engine = self._engine.execution_options(**{sqlite.IMMEDIATE: True})
        with self._write_lock, engine.begin() as connection:
            yield Writer(connection, self._zone)

    def pages(self, narrowing: Narrowing) -> Iterator[Sequence[Stored]]:
        """The workitems that `narrowing` leaves, by start; each page is a view of its own."""
        after: tuple[float, str] | None = None
        while True:
            with self.reading() as reader:
                page, after = reader.page(narrowing, after, PAGE)
            if page:
                yield page
            if after is None:
                return


class Reader:
    """What can be asked of the store within one transaction."""

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

    def subscribers_of(self, uid: str) -> tuple[AeTitle, ...]:
        """The Receiving AEs that are told about this workitem."""
        rows = self._connection.execute(
            select(subscriptions.c.aet).where(subscriptions.c.uid == uid).order_by(subscriptions.c.aet)
        )
        return tuple(AeTitle(aet) for aet in rows.scalars())

    def subscription(self, aet: str, uid: str) -> Subscriber | None:
        row = self._connection.execute(
            select(subscriptions).where(subscriptions.c.aet == aet, subscriptions.c.uid == uid)
        ).first()
        return Subscriber(AeTitle(aet), SopInstanceUid(uid), row.lock) if row is not None else None

    def global_subscriptions(self) -> tuple[GlobalSubscription, ...]:
        rows = self._connection.execute(select(global_subscriptions).order_by(global_subscriptions.c.aet))
        return tuple(
            GlobalSubscription(AeTitle(row.aet), row.lock, _decoded(row.filter) if row.filter else None)
            for row in rows
        )

    def all_subscribers(self) -> tuple[Subscriber, ...]:
        """Every subscription there is, global ones first."""
        found = [
            Subscriber(one.aet, None, one.lock, one.filter is not None) for one in self.global_subscriptions()
        ]
        rows = self._connection.execute(
            select(subscriptions).order_by(subscriptions.c.aet, subscriptions.c.uid)
        )
        return (*found, *(Subscriber(AeTitle(row.aet), SopInstanceUid(row.uid), row.lock) for row in rows))

    def subscribed_aets(self) -> tuple[AeTitle, ...]:
        """All AEs with a subscription of any kind."""
        rows = select(subscriptions.c.aet).union(select(global_subscriptions.c.aet))
        return tuple(AeTitle(aet) for aet in sorted(self._connection.execute(rows).scalars()))

    def is_locked(self, uid: str) -> bool:
        """Whether somebody holds a deletion lock (PS3.4 CC.2.3.1)."""
        held = exists().where(subscriptions.c.uid == uid, subscriptions.c.lock.is_(True))
        return bool(self._connection.execute(select(held)).scalar_one())

    def queued(self, aet: str, limit: int) -> tuple[QueuedReport, ...]:
        """The oldest reports that wait for `aet`."""
        rows = self._connection.execute(
            select(outbox).where(outbox.c.aet == aet).order_by(outbox.c.number).limit(limit)
        )
        return tuple(
            QueuedReport(
                row.number,
                OutgoingReport(
                    ReportType(row.event_type), SopInstanceUid(row.uid), _decoded(row.information)
                ),
            )
            for row in rows
        )

    def queue_lengths(self) -> dict[AeTitle, int]:
        rows = self._connection.execute(select(outbox.c.aet, func.count()).group_by(outbox.c.aet))
        return {AeTitle(aet): length for aet, length in rows.all()}


class Writer(Reader):
    """What can be changed within one transaction."""

    def __init__(self, connection: Connection, zone: tzinfo) -> None:
        super().__init__(connection)
        self._zone = zone
        self.receivers: set[AeTitle] = set()
        """AEs that got a report queued here, to be woken after the commit."""

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

    def subscribe(self, aet: AeTitle, uid: str, lock: bool) -> None:
        """Set the subscription of one AE to one workitem."""
        self._connection.execute(
            delete(subscriptions).where(subscriptions.c.aet == aet, subscriptions.c.uid == uid)
        )
        self._connection.execute(insert(subscriptions).values(uid=uid, aet=aet, lock=lock))

    def subscribe_rest(self, aet: AeTitle, lock: bool) -> None:
        """Subscribe `aet` to every workitem that it is not subscribed to yet."""
        rest = select(workitems.c.uid, literal(str(aet), String(16)), literal(lock, Boolean)).where(
            workitems.c.uid.not_in(select(subscriptions.c.uid).where(subscriptions.c.aet == aet))
        )
        self._connection.execute(insert(subscriptions).from_select(["uid", "aet", "lock"], rest))

    def unsubscribe(self, aet: AeTitle, uid: str | None = None) -> None:
        """End the subscription to one workitem, or all of this AE's to workitems."""
        condition = subscriptions.c.aet == aet
        if uid is not None:
            condition = and_(condition, subscriptions.c.uid == uid)
        self._connection.execute(delete(subscriptions).where(condition))

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

    def set_global(self, subscription: GlobalSubscription) -> None:
        self.clear_global(subscription.aet)
        self._connection.execute(
            insert(global_subscriptions).values(
                aet=subscription.aet,
                lock=subscription.lock,
                filter=_encoded(subscription.filter) if subscription.filter is not None else None,
            )
        )

    def clear_global(self, aet: AeTitle) -> None:
        self._connection.execute(delete(global_subscriptions).where(global_subscriptions.c.aet == aet))

    def enqueue(self, aets: Iterable[AeTitle], reports: Sequence[OutgoingReport]) -> None:
        """Queue reports, in this order, for each of `aets`."""
        encoded = [(report, _encoded(report.information)) for report in reports]
        rows = [
            {"aet": aet, "event_type": report.type.value, "uid": report.uid, "information": data}
            for aet in aets
            for report, data in encoded
        ]
        if rows:
            self._connection.execute(insert(outbox), rows)
            self.receivers.update(AeTitle(str(row["aet"])) for row in rows)

    def drop_reports(self, numbers: Iterable[int]) -> None:
        """Take reports out of their queue: they were delivered, or given up."""
        self._connection.execute(delete(outbox).where(outbox.c.number.in_(list(numbers))))

    def drop_reports_of(self, kind: ReportType) -> None:
        self._connection.execute(delete(outbox).where(outbox.c.event_type == kind.value))

    def trim(self, aet: AeTitle, bound: int) -> int:
        """Drop the oldest reports of `aet` beyond `bound`; return how many."""
        newest = (
            select(outbox.c.number)
            .where(outbox.c.aet == aet)
            .order_by(outbox.c.number.desc())
            .offset(bound)
            .limit(1)
        )
        limit = self._connection.execute(newest).scalar_one_or_none()
        if limit is None:
            return 0
        done = self._connection.execute(delete(outbox).where(outbox.c.aet == aet, outbox.c.number <= limit))
        return done.rowcount

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
            "data": _encoded(elements),
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
        elements=_decoded(row.data).without(tags.SPECIFIC_CHARACTER_SET),
        lock=TransactionUid(row.lock) if row.lock else None,
        performer=AeTitle(row.performer) if row.performer else None,
        ended=row.ended,
        revision=row.revision,
    )


def _encoded(elements: Elements) -> bytes:
    return datasets.encode(elements, _EXPLICIT_LITTLE_ENDIAN)


def _decoded(data: bytes) -> Elements:
    return datasets.decode(data, _EXPLICIT_LITTLE_ENDIAN)
