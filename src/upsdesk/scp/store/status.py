"""Who would be told, and how it stands with their reports: for people, and for another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, Integer, cast, func, select

from upsdesk.dicom.paths import path_text
from upsdesk.domain.elements import Elements
from upsdesk.domain.elements import Path as AttributePath
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.store import sqlite
from upsdesk.scp.store.encoding import decoded
from upsdesk.scp.store.migrations import UnknownVersion, check_readable
from upsdesk.scp.store.schema import deliveries, global_subscriptions, subscriptions, workitems

__all__ = [
    "GlobalKind",
    "Observer",
    "ReceiverStatus",
    "Told",
    "UnknownVersion",
    "WorkitemStatus",
    "observing",
]

_PAGE = 500


class GlobalKind(Enum):
    """What an AE will be told about workitems that are still to come."""

    NONE = "none"
    ALL = "all"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class ReceiverStatus:
    """One Receiving AE. Times are POSIX seconds, None: never."""

    aet: AeTitle
    global_kind: GlobalKind = GlobalKind.NONE
    global_lock: bool = False
    filter: Elements | None = None
    """The keys of a filtered global subscription."""
    workitems: int = 0
    """How many workitems it is subscribed to."""
    locks: int = 0
    """How many of them it keeps from being deleted."""
    queued: int = 0
    sent: int = 0
    failed: int = 0
    """Reports that were given up after all attempts."""
    dropped: int = 0
    """Reports that found no room in the queue."""
    delivered_at: float | None = None
    failed_at: float | None = None
    error: str = ""
    """What was wrong at `failed_at`; it is over when `delivered_at` is later."""

    @property
    def filter_text(self) -> str:
        """The filter as `Keyword/Keyword=value, ...`; empty without one."""
        return ", ".join(_assignments(self.filter, ())) if self.filter is not None else ""


@dataclass(frozen=True, slots=True)
class Told:
    """One subscriber of a workitem."""

    aet: AeTitle
    lock: bool


@dataclass(frozen=True, slots=True)
class WorkitemStatus:
    """A workitem with those who would be told about it."""

    uid: SopInstanceUid
    state: ProcedureStepState
    told: tuple[Told, ...]


class StatusReader:
    """What can be asked about all that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def status(self) -> tuple[ReceiverStatus, ...]:
        """Every AE that is subscribed to anything, or that reports wait for or went to."""
        wide = {row.aet: row for row in self._connection.execute(select(global_subscriptions))}
        locks = func.sum(cast(subscriptions.c.lock, Integer)).label("locks")
        counted = select(subscriptions.c.aet, func.count().label("workitems"), locks)
        single = {row.aet: row for row in self._connection.execute(counted.group_by(subscriptions.c.aet))}
        known = {row.aet: row for row in self._connection.execute(select(deliveries))}
        found = []
        for aet in sorted({*wide, *single, *known}):
            filtered = decoded(wide[aet].filter) if aet in wide and wide[aet].filter else None
            all_or_filtered = GlobalKind.FILTERED if filtered is not None else GlobalKind.ALL
            delivery = known.get(aet)
            found.append(
                ReceiverStatus(
                    aet=AeTitle(aet),
                    global_kind=all_or_filtered if aet in wide else GlobalKind.NONE,
                    global_lock=aet in wide and wide[aet].lock,
                    filter=filtered,
                    workitems=single[aet].workitems if aet in single else 0,
                    locks=single[aet].locks if aet in single else 0,
                    queued=delivery.queued if delivery else 0,
                    sent=delivery.sent if delivery else 0,
                    failed=delivery.failed if delivery else 0,
                    dropped=delivery.dropped if delivery else 0,
                    delivered_at=delivery.delivered_at if delivery else None,
                    failed_at=delivery.failed_at if delivery else None,
                    error=delivery.error if delivery else "",
                )
            )
        return tuple(found)

    def told_about(self, after: str = "", limit: int = _PAGE) -> list[WorkitemStatus]:
        """Up to `limit` workitems behind the UID `after` that somebody is subscribed to, by UID."""
        some = (
            select(subscriptions.c.uid)
            .where(subscriptions.c.uid > after)
            .group_by(subscriptions.c.uid)
            .order_by(subscriptions.c.uid)
            .limit(limit)
        )
        uids = list(self._connection.execute(some).scalars())
        told: dict[str, list[Told]] = {uid: [] for uid in uids}
        rows = select(subscriptions).where(subscriptions.c.uid.in_(uids)).order_by(subscriptions.c.aet)
        for row in self._connection.execute(rows):
            told[row.uid].append(Told(AeTitle(row.aet), row.lock))
        states = select(workitems.c.uid, workitems.c.state).where(workitems.c.uid.in_(uids))
        state_of = {row.uid: row.state for row in self._connection.execute(states)}
        return [
            WorkitemStatus(SopInstanceUid(uid), ProcedureStepState(state_of[uid]), tuple(told[uid]))
            for uid in uids
            if uid in state_of
        ]


class Observer:
    """Looks into the store of an SCP, running or not, from another process; never writes, never blocks it."""

    def __init__(self, store: str | Path) -> None:
        """Raises OSError when there is no such store, UnknownVersion for a layout that cannot be read."""
        self._engine = sqlite.open_to_look(store)
        try:
            with self._engine.begin() as connection:
                check_readable(connection)
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        self._engine.dispose()

    def status(self) -> tuple[ReceiverStatus, ...]:
        """As Repository.status, as it is now."""
        with self._engine.begin() as connection:
            return StatusReader(connection).status()

    def workitems(self) -> Iterator[WorkitemStatus]:
        """Every workitem that somebody is subscribed to, by UID; read page by page."""
        after = ""
        while True:
            with self._engine.begin() as connection:
                page = StatusReader(connection).told_about(after)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].uid


@contextmanager
def observing(store: str | Path) -> Iterator[Observer]:
    """An Observer that is closed at the end. Raises as it does."""
    observer = Observer(store)
    try:
        yield observer
    finally:
        observer.close()


def _assignments(elements: Elements, path: AttributePath) -> Iterator[str]:
    for element in elements:
        here = (*path, element.tag)
        if element.items:
            for item in element.items:
                yield from _assignments(item, here)
        elif not element.is_empty:
            yield f"{path_text(here)}={element.text}"
