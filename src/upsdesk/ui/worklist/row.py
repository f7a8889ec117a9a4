"""A workitem prepared for the table: what its cells say, and what sorts, counts and finds it at once.

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
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.plain import plain
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import Moment
from upsdesk.domain.workitem import Workitem
from upsdesk.services.flags import Aside, Following, Mark, PendingAct
from upsdesk.ui import masking, presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.query.words import aside_words
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn, PathValue, moment_of
from upsdesk.ui.worklist.row_keys import (
    PRIORITY_ORDER,
    READINESS_ORDER,
    SELDOM,
    STATE_ORDER,
    WORKED_OUT,
    performed_at,
)

_FREE_TEXTS = (Column.LABEL, Column.WORKLIST, Column.WORK_TYPE)
"""What people write, patients' names among it."""
_GRACE = presenter.GRACE.total_seconds()
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
        work_out = WORKED_OUT.get(name)
        if work_out is not None:
            found = work_out(self)
            setattr(self, name, found)
            return found
        work_out = SELDOM.get(name)
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
                return self.moment_text(moment_of(item, column))
            case Column.WORKLIST:
                return plain(item.worklist_label)
            case Column.PERFORMER:
                return plain(", ".join(item.performers))
            case Column.PERFORMED_STATION:
                return performed_at(self)
            case Column.ACCESSION:
                return plain(item.accession)
            case Column.FOLLOWED:
                return self.followed.value

    def moment_text(self, moment: Moment | None) -> str:
        """A time as the columns write it; empty when there is none."""
        return presenter.moment_words(moment, self.reading.now, self.reading.zone) if moment else ""

    def sentence(self, due: Due) -> str:
        """The whole row for a screen reader."""
        is_other = self.pending is not None or self.asked_at is not None
        said = "not listed any more" if self.is_gone else self.state_text if is_other else ""
        told = presenter.row_sentence(self.workitem, due, held_here=self.is_held, pending=said)
        return f"{told[:-1]}, {aside_words(self.aside)}." if self.aside is not None else told


_LAZY = (*WORKED_OUT, "paths", "seldom")
_STATIONS: dict[int, tuple[object, str]] = {}
"""What stations are called, by the identity of their codes, which are kept with it: rows share them."""


def _station_of(workitem: Workitem) -> str:
    if len(_STATIONS) >= _MOST_STATIONS:
        _STATIONS.clear()
    words = intern(workitem.station)
    _STATIONS[id(workitem.stations)] = workitem.stations, words
    return words
