"""Many new workitems one after the other: a result for each, and another try of those that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import Enum
from typing import TYPE_CHECKING

from upsdesk.domain import tags
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import PeerId, SopInstanceUid
from upsdesk.domain.when import moment_or_none
from upsdesk.services.create import Create
from upsdesk.services.results import Result, ResultKind
from upsdesk.services.threads import in_thread
from upsdesk.services.workitem_files import Draft

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk


Likeness = tuple[str, str, datetime]
"""Patient ID, label and start: a list that is read once more after a crash says the same."""
LISTED = "One like it is listed already, with the same patient ID, label and start."
REPEATED = "An earlier row has the same patient ID, label and start."
_AT_ONCE = 2_000


class RowState(Enum):
    """How far a row is; the value is what a person reads."""

    READY = "Ready"
    WRONG = "Problem"
    """It is not sent as it is."""
    SENDING = "Sending…"
    CREATED = "Created"
    REFUSED = "Refused"
    UNKNOWN = "Unknown"
    """No answer came: another try has the same UID, so nothing is created twice."""
    NOT_SENT = "Not sent"

    @property
    def is_failed(self) -> bool:
        """Sent or tried, and not known to be there."""
        return self in (RowState.REFUSED, RowState.UNKNOWN, RowState.NOT_SENT)


_STATES = {
    ResultKind.DONE: RowState.CREATED,
    ResultKind.REFUSED: RowState.REFUSED,
    ResultKind.UNKNOWN: RowState.UNKNOWN,
    ResultKind.NOT_SENT: RowState.NOT_SENT,
    ResultKind.CHANGED: RowState.NOT_SENT,
    ResultKind.ILLEGAL: RowState.NOT_SENT,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One workitem to be created, and what came of it."""

    draft: Draft
    wrong: tuple[str, ...] = ()
    """What a server would refuse; such a row is not sent."""
    state: RowState = RowState.READY
    uid: SopInstanceUid | None = None
    """The UID of the last attempt."""
    result: Result | None = None
    twin: str = ""
    """Why it may be there already; empty when nothing speaks for it. It can be created all the same."""

    @property
    def words(self) -> str:
        """What is wrong with it, or what the server said, in one line."""
        if self.state is RowState.WRONG:
            return "; ".join(self.wrong)
        if self.result is None:
            return self.twin
        outcome = self.result.outcome
        told = [] if self.state is RowState.CREATED and not outcome.next_step else [outcome.meaning]
        told += self.result.server_words
        steps = [outcome.next_step] if self.state is not RowState.CREATED else []
        return " ".join(part for part in (*told, *self.result.notes, *steps) if part)

    @property
    def code_text(self) -> str:
        """The status of the answer, empty without one."""
        return self.result.outcome.code_text if self.result is not None else ""


class BulkCreate:
    """The rows of one list at one peer. On the loop's thread."""

    def __init__(self, desk: Desk, peer: PeerId, on_row: Callable[[int], None] = lambda _row: None) -> None:
        self._desk = desk
        self._peer = peer
        self._on_row = on_row
        self._stop = False
        self.rows: list[Row] = []
        self.as_new_ones = False
        """Whether state, progress, results and UIDs of old workitems are left out."""
        self.is_running = False

    async def add(self, drafts: Sequence[Draft]) -> None:
        """More rows, at the end. They are judged in a thread: a long list takes seconds."""
        listed, zone, before = await self._listed(), self._desk.zone_of(self._peer), tuple(self.rows)

        def judged() -> list[Row]:
            seen = {_likeness(row.draft, zone) for row in before}
            rows = []
            for draft in drafts:
                likeness = _likeness(draft, zone)
                is_repeated = likeness is not None and likeness in seen
                twin = LISTED if likeness in listed else REPEATED if is_repeated else ""
                rows.append(_judged(Row(draft, twin=twin), self.as_new_ones))
                seen.add(likeness)
            return rows

        self.rows += await in_thread(judged, "check workitems")

    async def _listed(self) -> frozenset[Likeness]:
        """What the unfinished workitems that are known of this peer are told apart by."""
        found: set[Likeness] = set()
        for number, key in enumerate(self._desk.store.keys(self._peer)):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # the window goes on meanwhile
            item = self._desk.store.get(key)
            if item is None or item.start is None or (item.state is not None and item.state.is_final):
                continue
            found.add((item.patient.patient_id, folded(item.label), item.start.instant))
        return frozenset(found)

    async def set_as_new_ones(self, as_new_ones: bool) -> None:
        """Judge what was not created yet anew."""
        self.as_new_ones = as_new_ones
        rows = self.rows
        self.rows = await in_thread(lambda: [_judged(row, as_new_ones) for row in rows], "check workitems")

    def ready(self) -> tuple[int, ...]:
        """The rows that have not been tried and can be."""
        return self._in(lambda row: row.state is RowState.READY)

    def failed(self) -> tuple[int, ...]:
        """The rows that were tried and are not known to be created."""
        return self._in(lambda row: row.state.is_failed and not row.wrong)

    def twins(self) -> tuple[int, ...]:
        """The rows that are ready and may be there already."""
        return self._in(lambda row: row.state is RowState.READY and bool(row.twin))

    def wrong(self) -> tuple[int, ...]:
        return self._in(lambda row: row.state is RowState.WRONG)

    def created(self) -> tuple[int, ...]:
        return self._in(lambda row: row.state is RowState.CREATED)

    def _in(self, fits: Callable[[Row], bool]) -> tuple[int, ...]:
        return tuple(number for number, row in enumerate(self.rows) if fits(row))

    def stop(self) -> None:
        """End after the row that is under way."""
        self._stop = True

    async def run(self, numbers: Sequence[int]) -> None:
        """Create these rows in order; end early when the server does not answer, or on `stop`.

        A list that goes on without answers would wait for each of them, and leave more rows unknown.
        """
        self.is_running, self._stop = True, False
        try:
            for number in numbers:
                if self._stop or not await self._create(number):
                    break
        finally:
            self.is_running = False

    async def _create(self, number: int) -> bool:
        """Create one row; False when no answer came."""
        row = self.rows[number]
        uid, is_repeat = self._uid_of(row), row.state is RowState.UNKNOWN
        self._put(number, replace(row, state=RowState.SENDING, uid=uid))
        elements = row.draft.to_create(as_new_one=self.as_new_ones)
        try:
            result = await Create(self._peer, elements, uid, is_repeat=is_repeat).run(self._desk)
        except BaseException:
            # Stopped with the window, or a fault of our own: it may have been sent.
            self._put(number, replace(row, state=RowState.UNKNOWN, uid=uid))
            raise
        state = _STATES[result.kind]
        if is_repeat and state is RowState.NOT_SENT:
            state = RowState.UNKNOWN  # of the attempt before nothing more is known
        self._put(number, replace(row, state=state, uid=uid, result=result))
        return result.kind not in (ResultKind.UNKNOWN, ResultKind.NOT_SENT)

    def _uid_of(self, row: Row) -> SopInstanceUid:
        """The UID of an attempt without an answer again; else the file's, or a new one."""
        if row.uid is not None and row.state in (RowState.UNKNOWN, RowState.NOT_SENT):
            return row.uid
        own = row.draft.uid if not self.as_new_ones else None
        return own or SopInstanceUid(self._desk.make_uid())

    def _put(self, number: int, row: Row) -> None:
        self.rows[number] = row
        self._on_row(number)


def _likeness(draft: Draft, zone: tzinfo) -> Likeness | None:
    """What a row is known again by; None without a start. `zone`: of a start without an offset."""
    elements = draft.elements
    moment = moment_or_none(
        elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME),
        data_set_offset=elements.text(tags.TIMEZONE_OFFSET_FROM_UTC),
        default_zone=zone,
    )
    if moment is None:
        return None
    return (elements.text(tags.PATIENT_ID), folded(elements.text(tags.PROCEDURE_STEP_LABEL)), moment.instant)


def _judged(row: Row, as_new_ones: bool) -> Row:
    if row.state is RowState.CREATED:
        return row
    wrong = row.draft.wrong(as_new_one=as_new_ones)
    if row.state.is_failed:
        return replace(row, wrong=wrong)
    return replace(row, wrong=wrong, state=RowState.WRONG if wrong else RowState.READY)


RESULT_COLUMNS = ("File", "Row", "Result", "Status", "SOP Instance UID", "Details")


def result_rows(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """A line for each row under RESULT_COLUMNS, for a file; without patient data."""
    return [
        (
            row.draft.file,
            "" if row.draft.row is None else str(row.draft.row),
            row.state.value,
            row.code_text,
            str(row.uid or row.draft.uid or ""),
            row.words,
        )
        for row in rows
    ]
