"""Reports that wait in the store, per Receiving AE in the order of the changes that caused them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, case, delete, false, func, insert, select, true, update

from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp.model import OutgoingReport, QueuedReport
from upsdesk.scp.store.encoding import decoded, encoded
from upsdesk.scp.store.schema import LONGEST_ERROR, deliveries, outbox

QUEUE = 10_000
"""Reports kept per Receiving AE unless told otherwise."""

_count = deliveries.c
_INSERT = insert(outbox)


class OutboxReader:
    """What can be asked about waiting reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queued(self, aet: str, limit: int) -> tuple[QueuedReport, ...]:
        """The oldest reports that wait for `aet`."""
        rows = self._connection.execute(
            select(outbox).where(outbox.c.aet == aet).order_by(outbox.c.number).limit(limit)
        )
        return tuple(
            QueuedReport(
                row.number,
                OutgoingReport(ReportType(row.event_type), SopInstanceUid(row.uid), decoded(row.information)),
            )
            for row in rows
        )

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
        chosen = _count.aet.in_(receivers)
        self._connection.execute(update(deliveries).where(chosen).values(queued=_count.queued + len(reports)))
        over = select(_count.aet, _count.queued, _count.is_full).where(chosen, _count.queued > self._queue)
        for row in self._connection.execute(over).all():
            self._drop_oldest(AeTitle(row.aet), row.queued - self._queue)
            if not row.is_full:
                self.filled_up.add(AeTitle(row.aet))
        self.receivers.update(receivers)

    def record_sent(self, aet: AeTitle, numbers: Sequence[int], at: float) -> None:
        """These reports arrived at `aet`, the last of them at `at`, POSIX seconds: they leave the queue."""
        self._taken_out(aet, numbers, sent=_count.sent + len(numbers), delivered_at=at)

    def record_failed(self, aet: AeTitle, numbers: Sequence[int], at: float, error: str) -> None:
        """These reports are given up, the last of them at `at` because of `error`: they leave the queue."""
        count = _count.failed + len(numbers)
        self._taken_out(aet, numbers, failed=count, failed_at=at, error=error[:LONGEST_ERROR])

    def record_error(self, aet: AeTitle, at: float, error: str) -> None:
        """An attempt failed at `at` because of `error`; the report stays where it is."""
        self._ensure([aet])
        self._connection.execute(
            update(deliveries).where(_count.aet == aet).values(failed_at=at, error=error[:LONGEST_ERROR])
        )

    def drop_reports(self, numbers: Iterable[int]) -> None:
        """Take reports out of their queue without saying why."""
        mine = outbox.c.number.in_(list(numbers))
        for aet in set(self._connection.execute(select(outbox.c.aet).where(mine)).scalars()):
            self.record_sent(AeTitle(aet), list(numbers), 0.0)

    def trim(self, aet: AeTitle, bound: int) -> int:
        """Nothing is left to do: `enqueue` keeps the bound."""
        return 0

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
        known = set(self._connection.execute(select(_count.aet).where(_count.aet.in_(aets))).scalars())
        new = [
            {"aet": aet, "queued": 0, "sent": 0, "failed": 0, "dropped": 0, "is_full": False, "error": ""}
            for aet in aets
            if aet not in known
        ]
        if new:
            self._connection.execute(insert(deliveries), new)

    def _drop_oldest(self, aet: AeTitle, number: int) -> None:
        mine = select(outbox.c.number).where(outbox.c.aet == aet).order_by(outbox.c.number)
        last = self._connection.execute(mine.offset(number - 1).limit(1)).scalar_one()
        self._connection.execute(delete(outbox).where(outbox.c.aet == aet, outbox.c.number <= last))
        self._connection.execute(
            update(deliveries)
            .where(_count.aet == aet)
            .values(queued=_count.queued - number, dropped=_count.dropped + number, is_full=true())
        )

    def _taken_out(self, aet: AeTitle, numbers: Sequence[int], **values: object) -> None:
        """Some may be gone already: dropped while they were under way."""
        self._ensure([aet])
        gone = self._connection.execute(
            delete(outbox).where(outbox.c.aet == aet, outbox.c.number.in_(numbers))
        ).rowcount
        is_full = case((_count.queued - gone <= self._queue // 2, false()), else_=_count.is_full)
        self._connection.execute(
            update(deliveries)
            .where(_count.aet == aet)
            .values(queued=_count.queued - gone, is_full=is_full, **values)
        )
