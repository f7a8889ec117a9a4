"""What the columns of the worklist are: title, width, what sorts them, and which fields they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import IntEnum

from upsdesk.domain.folding import folded
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import last_instant
from upsdesk.domain.workitem import InputReadiness, Priority, Workitem
from upsdesk.services.store import Mark, PendingAct
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Due


class Column(IntEnum):
    """The columns in their default order; the values are model columns and stay what they are."""

    HELD = 0
    STATE = 1
    PRIORITY = 2
    START = 3
    DUE = 4
    PATIENT = 5
    PATIENT_ID = 6
    BORN = 7
    INPUTS = 8
    LABEL = 9
    STATION = 10
    PROGRESS = 11
    WORK_TYPE = 12

    @property
    def spec(self) -> ColumnSpec:
        return SPECS[self]


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """`width` and `least` in pixels at 100 %."""

    title: str
    name: str
    """For screen readers and menus; `title` may be empty where the header shows a glyph."""
    width: int
    least: int
    """What a person may narrow it to."""
    fields: frozenset[str]
    """The fields of a ChangeSet that this column shows."""
    snug: int = 0
    """The width that still shows all, taken so that labels stay on one line; 0 leaves it as it is."""
    tight: int = 0
    """The width where room is short."""
    is_whole: bool = False
    """Never elided: the column grows with its widest value."""
    is_hidden: bool = False


def _fields(*names: str) -> frozenset[str]:
    return frozenset(names)


SPECS: dict[Column, ColumnSpec] = {
    Column.HELD: ColumnSpec(
        "", "Held by this desk", 26, 24, _fields("held", "mark", "cancel_asked"), snug=24
    ),
    Column.STATE: ColumnSpec("State", "State", 92, 40, _fields("state", "pending", "state_reported_at")),
    Column.PRIORITY: ColumnSpec("Priority", "Priority", 72, 28, _fields("priority"), tight=28),
    Column.START: ColumnSpec("Start", "Planned start", 57, 48, _fields("start"), tight=48),
    Column.DUE: ColumnSpec("Due", "Due", 90, 60, _fields("expected_end", "expiration", "performed_end")),
    Column.PATIENT: ColumnSpec("Patient", "Patient", 150, 80, _fields("patient"), is_whole=True),
    Column.PATIENT_ID: ColumnSpec("Patient ID", "Patient ID", 66, 60, _fields("patient"), is_whole=True),
    Column.BORN: ColumnSpec("Born, sex", "Birth date and sex", 99, 60, _fields("patient"), is_whole=True),
    Column.INPUTS: ColumnSpec("", "Inputs", 24, 20, _fields("readiness"), snug=20),
    Column.LABEL: ColumnSpec("Label", "Label", 150, 64, _fields("label", "work_type"), tight=86),
    Column.STATION: ColumnSpec("Station", "Planned station", 67, 40, _fields("stations"), snug=61),
    Column.PROGRESS: ColumnSpec("Progress", "Progress", 83, 50, _fields("progress"), snug=72, tight=50),
    Column.WORK_TYPE: ColumnSpec("Work type", "Work type", 170, 60, _fields("work_type"), is_hidden=True),
}

_STATE_ORDER = {
    ProcedureStepState.IN_PROGRESS: 0,
    ProcedureStepState.SCHEDULED: 1,
    None: 2,
    ProcedureStepState.COMPLETED: 3,
    ProcedureStepState.CANCELED: 4,
}
_PRIORITY_ORDER = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2, None: 3}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READINESS_ORDER = {
    InputReadiness.READY: 0,
    InputReadiness.INCOMPLETE: 1,
    InputReadiness.UNAVAILABLE: 2,
    None: 3,
}
SortKey = float | int | str
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Row:
    """One workitem prepared for the table; worked out once per change. What "Due" says is asked for later."""

    workitem: Workitem
    start: str
    patient: str
    born: str
    haystack: str
    sort_keys: tuple[SortKey, ...]
    """One per column, in the columns' order."""
    late_at: float
    """From this timestamp on the workitem is overdue or expired."""
    is_held: bool = False
    pending: PendingAct | None = None
    mark: Mark | None = None
    is_cancel_asked: bool = False
    is_gone: bool = False
    """The server does not list it any more; it keeps its place until the order is made anew."""

    @property
    def key(self) -> WorkitemKey:
        return self.workitem.key

    @property
    def is_ended(self) -> bool:
        state = self.workitem.state
        return self.is_gone or (state is not None and state.is_final)

    @property
    def state_text(self) -> str:
        if self.is_gone:
            return "Not listed"
        if self.pending is not None:
            return presenter.pending_words(self.pending.action)
        return presenter.state_words(self.workitem.state)

    def text(self, column: Column, due: Due) -> str:
        """What a cell says in words; a glyph says the same."""
        item = self.workitem
        match column:
            case Column.HELD:
                return "held by this desk" if self.is_held else ""
            case Column.STATE:
                return self.state_text
            case Column.PRIORITY:
                return presenter.priority_words(item.priority)
            case Column.START:
                return self.start
            case Column.DUE:
                return due.words
            case Column.PATIENT:
                return self.patient
            case Column.PATIENT_ID:
                return presenter.id_words(item.patient)
            case Column.BORN:
                return self.born
            case Column.INPUTS:
                return presenter.readiness_words(item.readiness)
            case Column.LABEL:
                return item.label_words
            case Column.STATION:
                return item.station
            case Column.PROGRESS:
                return "" if self.is_ended else presenter.percent_words(item.progress)
            case Column.WORK_TYPE:
                return item.work_type.meaning if item.work_type else ""

    def sentence(self, due: Due) -> str:
        """The whole row for a screen reader."""
        said = "not listed any more" if self.is_gone else self.state_text if self.pending else ""
        return presenter.row_sentence(self.workitem, due, held_here=self.is_held, pending=said)


def make_row(
    workitem: Workitem,
    now: datetime,
    zone: tzinfo,
    *,
    is_held: bool = False,
    pending: PendingAct | None = None,
    mark: Mark | None = None,
    is_cancel_asked: bool = False,
) -> Row:
    """Prepare a workitem; `now` needs a zone."""
    start = presenter.moment_words(workitem.start, now, zone) if workitem.start else ""
    patient = presenter.name_words(workitem.patient)
    born = presenter.born_and_sex(workitem.patient)
    return Row(
        workitem=workitem,
        start=start,
        patient=patient,
        born=born,
        haystack=_haystack(workitem, start, patient, born),
        sort_keys=_sort_keys(workitem, patient, is_held),
        late_at=_late_at(workitem),
        is_held=is_held,
        pending=pending,
        mark=mark,
        is_cancel_asked=is_cancel_asked,
    )


def _late_at(item: Workitem) -> float:
    due_at = presenter.due_instant(item)
    late = _timestamp(due_at) + presenter.GRACE.total_seconds() if due_at else _NEVER
    if item.state is ProcedureStepState.SCHEDULED and item.expiration is not None:
        late = min(late, _timestamp(last_instant(item.expiration)))
    return late


def _timestamp(instant: datetime) -> float:
    # Years near 1 and 9999 are legal in a DT and outside what some platforms turn into a timestamp.
    return (instant - _EPOCH) / timedelta(seconds=1)


def _haystack(item: Workitem, start: str, patient: str, born: str) -> str:
    # The name as it was sent too: all three representations can be typed.
    parts = (
        presenter.state_words(item.state),
        presenter.priority_words(item.priority),
        start,
        patient,
        item.patient.name.replace("^", " ").replace("=", " "),
        item.patient.patient_id,
        born,
        presenter.readiness_words(item.readiness),
        item.label,
        item.worklist_label,
        item.work_type.meaning if item.work_type else "",
        item.station,
        item.accession,
        *item.performers,
    )
    return folded("\n".join(part for part in parts if part))


def _sort_keys(item: Workitem, patient: str, is_held: bool) -> tuple[SortKey, ...]:
    """One per column; unknown times and texts sort last."""
    last = "\uffff"
    due_at = presenter.due_instant(item)
    return (
        0 if is_held else 1,
        _STATE_ORDER[item.state],
        _PRIORITY_ORDER[item.priority],
        _timestamp(item.start.instant) if item.start else _NEVER,
        _timestamp(due_at) if due_at else _NEVER,
        folded(patient) if item.patient.name else last,
        item.patient.patient_id.casefold() or last,
        item.patient.birth_date or last,
        _READINESS_ORDER[item.readiness],
        folded(item.label_words) or last,
        item.station.casefold() or last,
        -item.progress.percent if item.progress.percent is not None else 1.0,
        folded(item.work_type.meaning) if item.work_type else last,
    )
