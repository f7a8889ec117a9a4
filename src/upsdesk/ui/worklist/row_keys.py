"""What sorts the rows of the table and what a filter looks at, of each row when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import TYPE_CHECKING

from upsdesk.domain.folding import folded
from upsdesk.domain.plain import LONGEST_TEXT, plain
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import Following
from upsdesk.ui import masking, presenter

if TYPE_CHECKING:
    from upsdesk.ui.worklist.row import Row

STATE_ORDER: dict[ProcedureStepState | None, int] = {
    ProcedureStepState.IN_PROGRESS: 0,
    ProcedureStepState.SCHEDULED: 1,
    None: 2,
    ProcedureStepState.COMPLETED: 3,
    ProcedureStepState.CANCELED: 4,
}
READINESS_ORDER: dict[InputReadiness | None, int] = {
    InputReadiness.READY: 0,
    InputReadiness.INCOMPLETE: 1,
    InputReadiness.UNAVAILABLE: 2,
    None: 3,
}
_FOLLOWING_ORDER = {Following.KEPT: 0, Following.YES: 1, Following.NO: 2}
PRIORITY_ORDER: dict[Priority | None, int] = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2, None: 3}
_STATE_WORDS = [presenter.state_words(state) for state in STATE_ORDER]
_PRIORITY_WORDS = [presenter.priority_words(priority) for priority in PRIORITY_ORDER]
_READINESS_WORDS = [presenter.readiness_words(readiness) for readiness in READINESS_ORDER]
NEVER = float("inf")
_LAST = "\uffff"


def _name(row: Row) -> str:
    """As it is, hidden or not: it sorts, and is searched."""
    return row.workitem.patient.display_name or "no name" if masking.is_on() else row.patient


def _start(row: Row) -> str:
    moment = row.workitem.start
    return intern(presenter.moment_words(moment, row.reading.now, row.reading.zone)) if moment else ""


def _haystack(row: Row) -> str:
    item = row.workitem
    # The name as it was sent too: all three representations can be typed.
    parts = (
        _STATE_WORDS[row.by_state],
        _PRIORITY_WORDS[row.by_priority],
        row.start,
        _name(row),
        item.patient.name.replace("^", " ").replace("=", " "),
        item.patient.patient_id,
        row.born if not masking.is_on() else presenter.birth_date_words(item.patient),
        _READINESS_WORDS[row.by_inputs],
        item.label,
        item.worklist_label,
        item.work_type.meaning if item.work_type else "",
        row.station,
        item.accession,
        *(row.moment_text(moment) for moment in (item.expected_end, item.expiration, item.modified)),
        performed_at(row) if item.performed_stations else "",
        row.followed.value,
        # What a wider search found by an ID that is no column is found by the filter too.
        row.aside.words if row.aside else "",
        ", ".join(item.performers),
        *(row.path_value(column).text for column in row.reading.paths),
    )
    return folded("\n".join([part[:LONGEST_TEXT] for part in parts if part]))


def _by_progress(row: Row) -> float:
    percent = row.workitem.progress.percent
    # What has ended shows no percent; the last report before that may have said 50.
    return -percent if percent is not None and not row.is_ended else 1.0


def performed_at(row: Row) -> str:
    """The stations where it was done, as they are called."""
    return plain(", ".join(code.value or code.meaning for code in row.workitem.performed_stations))


def _by_moment(name: str) -> Callable[[Row], float]:
    def by(row: Row) -> float:
        moment = getattr(row.workitem, name)
        return moment.timestamp if moment is not None else NEVER

    return by


def _casefolded(text: str) -> str:
    found = text.casefold()
    return found if found != text else text  # the same string, and no second one to keep


def _by_work_type(row: Row) -> str:
    kind = row.workitem.work_type
    return intern(folded(kind.meaning)) if kind else _LAST


WORKED_OUT: dict[str, Callable[[Row], object]] = {
    "start": _start,
    "patient": lambda row: presenter.name_words(row.workitem.patient),
    "born": lambda row: intern(presenter.born_and_sex(row.workitem.patient)),
    "haystack": _haystack,
    "by_patient": lambda row: folded(_name(row)) if row.workitem.patient.name else _LAST,
    "by_patient_id": lambda row: _casefolded(row.workitem.patient.patient_id) or _LAST,
    "by_born": lambda row: row.workitem.patient.birth_date or _LAST,
    "by_label": lambda row: intern(folded(row.workitem.label_words)) or _LAST,
    "by_station": lambda row: intern(row.station.casefold()) or _LAST,
    "by_progress": _by_progress,
    "by_work_type": _by_work_type,
}
"""Texts of a row, what a filter looks at, and what sorts by the usual columns: kept with the row."""
SELDOM: dict[str, Callable[[Row], object]] = {
    "by_starts_in": lambda row: row.by_start,
    "by_expected_end": _by_moment("expected_end"),
    "by_expiration": _by_moment("expiration"),
    "by_modified": _by_moment("modified"),
    "by_worklist": lambda row: intern(folded(row.workitem.worklist_label)) or _LAST,
    "by_performer": lambda row: folded(", ".join(row.workitem.performers)) or _LAST,
    "by_performed_station": lambda row: intern(performed_at(row).casefold()) or _LAST,
    "by_accession": lambda row: row.workitem.accession.casefold() or _LAST,
    "by_followed": lambda row: _FOLLOWING_ORDER[row.followed],
}
"""What sorts by columns that few people show: kept together, for those rows only that are sorted by it."""
GIVEN = ("by_held", "by_state", "by_priority", "by_inputs", "by_start", "by_due")
"""What sorts by columns and is known of every row."""
