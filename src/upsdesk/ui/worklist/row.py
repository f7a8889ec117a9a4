"""A workitem prepared for the table: what its cells say, what sorts it, and what a filter looks at.

Sorting, filtering and counting a hundred thousand rows go through their attributes in C. So a row has an
attribute for each of them; those that take time to work out are worked out when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from sys import intern
from typing import Any

from upsdesk.domain.elements import Path
from upsdesk.domain.folding import folded
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.plain import LONGEST_TEXT, plain
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import Moment
from upsdesk.domain.workitem import InputReadiness, Priority, Workitem
from upsdesk.services.flags import Aside, Following, Mark, PendingAct
from upsdesk.ui import masking, presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.query.words import aside_words
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn, PathValue, moment_of

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
_FREE_TEXTS = (Column.LABEL, Column.WORKLIST, Column.WORK_TYPE)
"""What people write, patients' names among it."""
_STATE_WORDS = [presenter.state_words(state) for state in STATE_ORDER]
_PRIORITY_WORDS = [presenter.priority_words(priority) for priority in PRIORITY_ORDER]
_READINESS_WORDS = [presenter.readiness_words(readiness) for readiness in READINESS_ORDER]
_GRACE = presenter.GRACE.total_seconds()
NEVER = float("inf")
_LAST = "\uffff"
_MOST_STATIONS = 4096


PathReader = Callable[[Workitem, PathColumn], PathValue]
"""What a workitem has in a column that is a path."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The day and the zone that times are written for, and how paths are read; one object for all rows."""

    now: datetime
    zone: tzinfo
    read: PathReader
    paths: tuple[PathColumn, ...] = ()
    """The columns that are paths: the text filter looks into them too."""

    @property
    def day(self) -> date:
        return self.now.astimezone(self.zone).date()


class Row:
    """One row, for as long as it is listed; `tell` brings what has changed.

    What "Due" says changes with every minute and is asked for later. `by_...` is what a column sorts by;
    unknown times and texts come last. `late_at` is the timestamp from which on the workitem is overdue or
    expired.
    """

    __slots__ = (
        "aside",
        "asked_at",
        "at",
        "born",
        "by_born",
        "by_due",
        "by_held",
        "by_inputs",
        "by_label",
        "by_patient",
        "by_patient_id",
        "by_priority",
        "by_progress",
        "by_start",
        "by_state",
        "by_station",
        "by_work_type",
        "followed",
        "haystack",
        "is_ended",
        "is_gone",
        "is_held",
        "is_told",
        "key",
        "late_at",
        "mark",
        "number",
        "paths",
        "patient",
        "pending",
        "reading",
        "seldom",
        "start",
        "station",
        "workitem",
    )
    at: int
    """The row of the table where it stands; -1 when it is not shown."""
    number: int
    """Counts up as rows come; decides between equal ones."""
    is_gone: bool
    """The server does not list it any more; it keeps its place until the order is made anew."""
    workitem: Workitem
    followed: Following
    by_start: float
    paths: dict[Path, PathValue]
    seldom: dict[str, object]
    station: str
    start: str
    patient: str
    born: str
    haystack: str

    def __init__(self, key: WorkitemKey, number: int) -> None:
        self.key = key
        self.number = number
        self.at = -1
        self.is_told = False

    def tell(
        self,
        workitem: Workitem,
        reading: Reading,
        *,
        is_held: bool = False,
        pending: PendingAct | None = None,
        mark: Mark | None = None,
        asked_at: datetime | None = None,
        aside: Aside | None = None,
        followed: Following = Following.NO,
    ) -> None:
        """What is known of the workitem now."""
        if self.is_told:
            self._forget(_LAZY)
        self.is_told = True
        self.workitem = workitem
        self.reading = reading
        self.is_held = is_held
        self.pending = pending
        self.mark = mark
        self.asked_at = asked_at
        self.aside = aside
        self.followed = followed
        self.is_gone = False
        state = workitem.state
        self.is_ended = state is not None and state.is_final
        self.by_held = 0 if is_held else 1
        self.by_state = STATE_ORDER[state]
        self.by_priority = PRIORITY_ORDER[workitem.priority]
        self.by_inputs = READINESS_ORDER[workitem.readiness]
        self.by_start = workitem.starts_at
        self.by_due = workitem.due_at
        late_at = self.by_due + _GRACE
        if state is ProcedureStepState.SCHEDULED and workitem.expires_at < late_at:
            late_at = workitem.expires_at
        self.late_at = late_at
        known = _STATIONS.get(id(workitem.stations))
        self.station = known[1] if known is not None else _station_of(workitem)

    def progress(self, workitem: Workitem) -> None:
        """As `tell`, when nothing but the progress is another, or when its state was told last."""
        self.workitem = workitem
        self._forget(("by_progress",))

    def leave(self) -> None:
        """The server has dropped it."""
        self.is_gone = self.is_ended = True

    def turn_to(self, reading: Reading) -> None:
        """Midnight has passed."""
        self.reading = reading
        self._forget(("start", "haystack", "paths"))

    def tell_names(self) -> None:
        """Names are hidden or shown from now on; what sorts and what is searched stays."""
        self._forget(("patient", "born"))

    def _forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            try:  # noqa: SIM105 - a context manager would cost more than all the rest
                delattr(self, name)
            except AttributeError:  # not asked for yet
                pass

    def __getattr__(self, name: str) -> Any:
        work_out = _WORKED_OUT.get(name)
        if work_out is not None:
            found = work_out(self)
            setattr(self, name, found)
            return found
        work_out = _SELDOM.get(name)
        if work_out is None:
            raise AttributeError(name)
        try:
            known = self.seldom
        except AttributeError:
            known = self.seldom = {}
        if name not in known:
            known[name] = work_out(self)
        return known[name]

    @property
    def state_text(self) -> str:
        if self.is_gone:
            return "Not listed"
        if self.pending is not None:
            return presenter.pending_words(self.pending.action)
        state = presenter.state_words(self.workitem.state)
        return f"{state}, {self.asked_words}" if self.asked_at is not None else state

    @property
    def asked_words(self) -> str:
        """`cancel asked 10:19`, until its state changes or somebody declines; else empty."""
        if self.asked_at is None:
            return ""
        return f"cancel asked {presenter.instant_words(self.asked_at, self.reading.now, self.reading.zone)}"

    def path_value(self, column: PathColumn) -> PathValue:
        """What stands at the path of a column, read when first asked for."""
        found = self.known_paths.get(column.path)
        if found is None:
            self.paths = self.known_paths
            found = self.paths[column.path] = self.reading.read(self.workitem, column)
        return found

    @property
    def known_paths(self) -> dict[Path, PathValue]:
        """What has been asked for by `path_value` since the workitem was told."""
        try:
            return self.paths
        except AttributeError:
            return {}

    def differing(self, before: Mapping[Path, PathValue]) -> set[PathColumn]:
        """The columns whose value is another than it was; what nobody had asked for has not changed."""
        known = (column for column in self.reading.paths if column.path in before)
        return {
            column
            for column in known
            if self.path_value(column) != before[column.path] and before[column.path].is_told
        }

    def text(self, column: AnyColumn, due: Due) -> str:
        """What a cell says in words; a glyph says the same."""
        if not masking.is_on():
            return self._text(column, due)
        if isinstance(column, PathColumn):
            return masking.at(column.path, self.path_value(column).text, self.workitem)
        if column is Column.ACCESSION:
            return masking.typed(self.workitem.accession)
        text = self._text(column, due)
        return masking.words(text, self.workitem) if column in _FREE_TEXTS else text

    def _text(self, column: AnyColumn, due: Due) -> str:
        item = self.workitem
        match column:
            case PathColumn():
                return self.path_value(column).text
            case Column.HELD:
                return presenter.listed(["held by this desk" * self.is_held, aside_words(self.aside)])
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
                return self.station
            case Column.PROGRESS:
                return "" if self.is_ended else presenter.percent_words(item.progress)
            case Column.WORK_TYPE:
                return plain(item.work_type.meaning) if item.work_type else ""
            case Column.STARTS_IN:
                return due.start
            case Column.EXPECTED_END | Column.EXPIRATION | Column.MODIFIED:
                return self._moment_text(moment_of(item, column))
            case Column.WORKLIST:
                return plain(item.worklist_label)
            case Column.PERFORMER:
                return plain(", ".join(item.performers))
            case Column.PERFORMED_STATION:
                return _performed_at(self)
            case Column.ACCESSION:
                return plain(item.accession)
            case Column.FOLLOWED:
                return self.followed.value

    def _moment_text(self, moment: Moment | None) -> str:
        return presenter.moment_words(moment, self.reading.now, self.reading.zone) if moment else ""

    def sentence(self, due: Due) -> str:
        """The whole row for a screen reader."""
        is_other = self.pending is not None or self.asked_at is not None
        said = "not listed any more" if self.is_gone else self.state_text if is_other else ""
        told = presenter.row_sentence(self.workitem, due, held_here=self.is_held, pending=said)
        return f"{told[:-1]}, {aside_words(self.aside)}." if self.aside is not None else told


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
        *(row._moment_text(moment) for moment in (item.expected_end, item.expiration, item.modified)),
        _performed_at(row) if item.performed_stations else "",
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


def _performed_at(row: Row) -> str:
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


_WORKED_OUT: dict[str, Callable[[Row], object]] = {
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
_SELDOM: dict[str, Callable[[Row], object]] = {
    "by_starts_in": lambda row: row.by_start,
    "by_expected_end": _by_moment("expected_end"),
    "by_expiration": _by_moment("expiration"),
    "by_modified": _by_moment("modified"),
    "by_worklist": lambda row: intern(folded(row.workitem.worklist_label)) or _LAST,
    "by_performer": lambda row: folded(", ".join(row.workitem.performers)) or _LAST,
    "by_performed_station": lambda row: intern(_performed_at(row).casefold()) or _LAST,
    "by_accession": lambda row: row.workitem.accession.casefold() or _LAST,
    "by_followed": lambda row: _FOLLOWING_ORDER[row.followed],
}
"""What sorts by columns that few people show: kept together, for those rows only that are sorted by it."""
GIVEN = ("by_held", "by_state", "by_priority", "by_inputs", "by_start", "by_due")
"""What sorts by columns and is known of every row."""
_LAZY = (*_WORKED_OUT, "paths", "seldom")
_STATIONS: dict[int, tuple[object, str]] = {}
"""What stations are called, by the identity of their codes, which are kept with it: rows share them."""


def _station_of(workitem: Workitem) -> str:
    if len(_STATIONS) >= _MOST_STATIONS:
        _STATIONS.clear()
    words = intern(workitem.station)
    _STATIONS[id(workitem.stations)] = workitem.stations, words
    return words
