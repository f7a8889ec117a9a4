"""Reports that wait in the store, per Receiving AE in the order of the changes that caused them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp.model import OutgoingReport, QueuedReport
from upsdesk.scp.store.encoding import decoded, encoded
from upsdesk.scp.store.schema import outbox


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
        rows = self._connection.execute(select(outbox.c.aet, func.count()).group_by(outbox.c.aet))
        return {AeTitle(aet): length for aet, length in rows.all()}


class OutboxWriter(OutboxReader):
    """What can be done to waiting reports."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.receivers: set[AeTitle] = set()
        """AEs that got a report queued here, to be woken after the commit."""

    def enqueue(self, aets: Iterable[AeTitle], reports: Sequence[OutgoingReport]) -> None:
        """Queue reports, in this order, for each of `aets`."""
        written = [(report, encoded(report.information)) for report in reports]
        rows = [
            {"aet": aet, "event_type": report.type.value, "uid": report.uid, "information": data}
            for aet in aets
            for report, data in written
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
