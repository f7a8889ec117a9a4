"""Reports that wait in the store, per Receiving AE in the order of the changes that caused them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Float,
    Row,
    String,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    select,
    true,
    update,
)

from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp.model import OutgoingReport, QueuedReport
from upsdesk.scp.store.encoding import KeptElements, encoded
from upsdesk.scp.store.schema import LONGEST_ERROR, deliveries, outbox

QUEUE = 10_000
"""Reports kept per Receiving AE unless told otherwise."""

_LOT = 500
"""Numbers of reports in one statement."""
_count = deliveries.c
_INSERT = insert(outbox)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of reports to one AE. Times are POSIX seconds."""

    aet: AeTitle
    sent: Sequence[int] = ()
    """Numbers of reports that arrived: they leave the queue."""
    delivered_at: float | None = None
    """When the last of them did."""
    given_up: Sequence[int] = ()
    """Numbers of reports that are not tried any more: they leave the queue."""
    failed_at: float | None = None
    """When the last attempt failed, whether its report was given up or stays."""
    error: str | None = None
    """What was wrong with it."""


class OutboxReader:
    """What can be asked about waiting reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queued(self, aet: str, limit: int, after: int = 0) -> tuple[QueuedReport, ...]:
        """The oldest reports that wait for `aet`, from those behind the number `after`."""
        mine = select(outbox).where(outbox.c.aet == aet, outbox.c.number > after)
        rows = self._connection.execute(mine.order_by(outbox.c.number).limit(limit))
        return tuple(_queued(row) for row in rows)

    def queued_after(self, number: int, limit: int) -> tuple[tuple[AeTitle, QueuedReport], ...]:
        """The oldest reports behind `number` with the AEs that they wait for, whoever these are."""
        behind = select(outbox).where(outbox.c.number > number)
        rows = self._connection.execute(behind.order_by(outbox.c.number).limit(limit))
        return tuple((AeTitle(row.aet), _queued(row)) for row in rows)

    def last_number(self, aet: str | None = None) -> int:
        """The number of the newest report that waits, for `aet` or for anyone; 0 when none does."""
        newest = select(func.max(outbox.c.number))
        if aet is not None:
            newest = newest.where(outbox.c.aet == aet)
        return self._connection.execute(newest).scalar() or 0

    def numbers(self, aet: str, after: int, until: int) -> tuple[int, ...]:
        """The numbers of what waits for `aet`: behind `after`, up to and with `until`."""
        mine = select(outbox.c.number).where(outbox.c.aet == aet)
        some = mine.where(outbox.c.number > after, outbox.c.number <= until)
        return tuple(self._connection.execute(some.order_by(outbox.c.number)).scalars())

    def dropped(self, aet: str) -> int:
        """How many reports have found no room in the queue of `aet`."""
        return self._connection.execute(select(_count.dropped).where(_count.aet == aet)).scalar() or 0

    def queue_lengths(self) -> dict[AeTitle, int]:
        """How many reports wait, for each AE that any wait for."""
        rows = self._connection.execute(select(_count.aet, _count.queued).where(_count.queued > 0))
        return {AeTitle(row.aet): row.queued for row in rows}


class OutboxWriter(OutboxReader):
    """What can be done to waiting reports."""

    def __init__(self, connection: Connection, queue: int) -> None:
        """`queue` is how many reports wait for one AE at most."""
        super().__init__(connection)
        self._queue = queue
        self.receivers: set[AeTitle] = set()
        """AEs that got a report queued here, to be woken after the commit."""
        self.filled_up: set[AeTitle] = set()
        """AEs whose queue had room before and has none now: their oldest reports begin to be dropped."""

    def enqueue(self, aets: Iterable[AeTitle], reports: Sequence[OutgoingReport]) -> None:
        """Queue reports, in this order, for each of `aets`; where there is no room the oldest give way."""
        receivers = sorted(set(aets))
        if not receivers or not reports:
            return
        written = [(report, encoded(report.information)) for report in reports]
        rows = [
            {"aet": aet, "event_type": report.type.value, "uid": report.uid, "information": data}
            for aet in receivers
            for report, data in written
        ]
        self._connection.execute(_INSERT, rows)
        self._ensure(receivers)
        self._connection.execute(_COUNT_QUEUED, {"aets": receivers, "more": len(reports)})
        full = self._connection.execute(_OVER, {"bound": self._queue}).all()
        self.filled_up.update(AeTitle(row.aet) for row in full if not row.is_full)
        self._drop_oldest({row.aet: row.queued - self._queue for row in full})
        self.receivers.update(receivers)

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of reports: one outcome for an AE, any number of AEs.

        A report that was dropped while it was under way stays counted as dropped, so that each counts once.
        """
        self._ensure([one.aet for one in outcomes])
        here = self._taken_out([number for one in outcomes for number in (*one.sent, *one.given_up)])
        rows = [_counted(one, here) for one in outcomes]
        if rows:
            queued = _count.queued - bindparam("gone")
            self._connection.execute(_RECORD.values(is_full=_still_full(queued, self._queue)), rows)

    def record_sent(self, aet: AeTitle, numbers: Sequence[int], at: float) -> None:
        """These reports arrived at `aet`, the last of them at `at`, POSIX seconds: they leave the queue."""
        self.record([Outcome(aet, sent=numbers, delivered_at=at)])

    def record_failed(self, aet: AeTitle, numbers: Sequence[int], at: float, error: str) -> None:
        """These reports are given up, the last of them at `at` because of `error`: they leave the queue."""
        self.record([Outcome(aet, given_up=numbers, failed_at=at, error=error)])

    def record_error(self, aet: AeTitle, at: float, error: str) -> None:
        """An attempt failed at `at` because of `error`; the report stays where it is."""
        self.record([Outcome(aet, failed_at=at, error=error)])

    def drop_reports_of(self, kind: ReportType) -> None:
        """Take all reports of one kind out of all queues, without counting them: newer ones say it better."""
        rows = self._connection.execute(
            select(outbox.c.aet, func.count()).where(outbox.c.event_type == kind.value).group_by(outbox.c.aet)
        )
        for aet, number in rows.all():
            self._connection.execute(
                update(deliveries).where(_count.aet == aet).values(queued=_count.queued - number)
            )
        self._connection.execute(delete(outbox).where(outbox.c.event_type == kind.value))

    def _ensure(self, aets: Sequence[AeTitle]) -> None:
        known = set(self._connection.execute(_KNOWN, {"aets": aets}).scalars())
        new = [
            {"aet": aet, "queued": 0, "sent": 0, "failed": 0, "dropped": 0, "is_full": False, "error": ""}
            for aet in aets
            if aet not in known
        ]
        if new:
            self._connection.execute(insert(deliveries), new)

    def _drop_oldest(self, excess: Mapping[str, int]) -> None:
        """So many reports of each AE; a few statements for all, since a change may be for many."""
        last: list[dict[str, object]] = []
        for number in set(excess.values()):
            aets = [aet for aet, one in excess.items() if one == number]
            rows = self._connection.execute(_LAST_TO_DROP, {"aets": aets, "before": number - 1})
            last += ({"of": row.aet, "until": row.last, "gone": number} for row in rows)
        if last:
            self._connection.execute(_DROP, last)
            self._connection.execute(_COUNT_DROPPED, last)

    def _taken_out(self, numbers: Sequence[int]) -> frozenset[int]:
        """Take these reports out; return those that were there: some may have been dropped meanwhile."""
        here: set[int] = set()
        for start in range(0, len(numbers), _LOT):
            lot = outbox.c.number.in_(numbers[start : start + _LOT])
            here.update(self._connection.execute(select(outbox.c.number).where(lot)).scalars())
            self._connection.execute(delete(outbox).where(lot))
        return frozenset(here)


# Built once: putting a statement together takes longer than running it.
_AETS: BindParameter[Any] = bindparam("aets", expanding=True)
_KNOWN = select(_count.aet).where(_count.aet.in_(_AETS))
_COUNT_QUEUED = (
    update(deliveries).where(_count.aet.in_(_AETS)).values(queued=_count.queued + bindparam("more"))
)
_OVER = select(_count.aet, _count.queued, _count.is_full).where(_count.queued > bindparam("bound"))
_oldest = select(outbox.c.number).where(outbox.c.aet == _count.aet).order_by(outbox.c.number)
_LAST_TO_DROP = select(
    _count.aet, _oldest.offset(bindparam("before")).limit(1).scalar_subquery().label("last")
).where(_count.aet.in_(_AETS))
_DROP = delete(outbox).where(outbox.c.aet == bindparam("of"), outbox.c.number <= bindparam("until"))
_COUNT_DROPPED = (
    update(deliveries)
    .where(_count.aet == bindparam("of"))
    .values(
        queued=_count.queued - bindparam("gone"), dropped=_count.dropped + bindparam("gone"), is_full=true()
    )
)
_RECORD = (
    update(deliveries)
    .where(_count.aet == bindparam("of"))
    .values(
        queued=_count.queued - bindparam("gone"),
        sent=_count.sent + bindparam("more_sent"),
        failed=_count.failed + bindparam("more_failed"),
        delivered_at=func.coalesce(bindparam("delivered", type_=Float), _count.delivered_at),
        failed_at=func.coalesce(bindparam("failure", type_=Float), _count.failed_at),
        error=func.coalesce(bindparam("words", type_=String), _count.error),
    )
)


def _still_full(queued: ColumnElement[int], bound: int) -> ColumnElement[bool]:
    return case((queued <= bound // 2, false()), else_=_count.is_full)


def _counted(outcome: Outcome, here: frozenset[int]) -> Mapping[str, object]:
    sent, failed = len(here.intersection(outcome.sent)), len(here.intersection(outcome.given_up))
    return {
        "of": outcome.aet,
        "gone": sent + failed,
        "more_sent": sent,
        "more_failed": failed,
        "delivered": outcome.delivered_at,
        "failure": outcome.failed_at,
        "words": outcome.error[:LONGEST_ERROR] if outcome.error is not None else None,
    }


def _queued(row: Row[Any]) -> QueuedReport:
    """Its information is decoded when somebody looks: mostly its bytes go out as they are."""
    information = KeptElements(row.information)
    return QueuedReport(
        row.number, OutgoingReport(ReportType(row.event_type), SopInstanceUid(row.uid), information)
    )
