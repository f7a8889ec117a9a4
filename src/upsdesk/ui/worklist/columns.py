"""What the columns of the worklist are: title, width, what sorts them, and which fields they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from upsdesk.domain.elements import Path
from upsdesk.domain.when import Moment
from upsdesk.domain.workitem import Workitem


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
    STARTS_IN = 13
    EXPECTED_END = 14
    EXPIRATION = 15
    MODIFIED = 16
    WORKLIST = 17
    PERFORMER = 18
    PERFORMED_STATION = 19
    ACCESSION = 20
    FOLLOWED = 21

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
    """Until a person asks for it."""
    about: str = ""
    """One line for the chooser, where the name does not say it."""

    @property
    def is_fixed(self) -> bool:
        """What tells the patient, and the state, cannot be hidden."""
        return self.is_whole or self.title == "State"


@dataclass(frozen=True, slots=True)
class PathValue:
    """What a workitem has at a path."""

    text: str
    key: str | float
    """What sorts it: one type for all values of a path."""
    is_told: bool = True
    """The answer has said something about it, if only that it is empty."""

    @property
    def is_blank(self) -> bool:
        """Absent or empty: comes last, whichever way the column is sorted."""
        return not self.text


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A column that shows what stands at a path of the data set; equal to any other of that path.

    What it is called comes with it: nothing has to be looked up to draw it.
    """

    path: Path
    vr: str = field(default="LO", compare=False)
    """Of the last attribute; decides how values are written and sorted."""
    title: str = field(default="", compare=False)
    keywords: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Under which it is kept: hex digits, so that it can be read without a dictionary."""
        return "/".join(f"{tag:08X}" for tag in self.path)

    @property
    def spec(self) -> ColumnSpec:
        title = self.title or self.name
        return ColumnSpec(title, self.keywords or title, 130, 40, _fields("data"))


DEFAULT_ORDER = (
    Column.HELD, Column.FOLLOWED, Column.STATE, Column.PRIORITY, Column.START, Column.STARTS_IN, Column.DUE,
    Column.EXPECTED_END, Column.EXPIRATION, Column.PATIENT, Column.PATIENT_ID, Column.BORN, Column.ACCESSION,
    Column.INPUTS, Column.LABEL, Column.WORK_TYPE, Column.WORKLIST, Column.STATION, Column.PERFORMER,
    Column.PROGRESS, Column.PERFORMED_STATION, Column.MODIFIED,
)  # fmt: skip
"""From left to right at a new desk, hidden ones where they will be looked for."""

AnyColumn = Column | PathColumn
"""What can be a column of the table; hashable, equal by what is shown."""


def _fields(*names: str) -> frozenset[str]:
    return frozenset(names)


SPECS: dict[Column, ColumnSpec] = {
    Column.HELD: ColumnSpec(
        "",
        "Held by this desk",
        26,
        24,
        _fields("held", "mark", "cancel_asked", "aside", "followed"),
        snug=24,
        about="A key; also what asks for attention",
    ),
    Column.STATE: ColumnSpec(
        "State", "State", 92, 40, _fields("state", "pending", "state_reported_at", "cancel_asked")
    ),
    Column.PRIORITY: ColumnSpec("Priority", "Priority", 72, 28, _fields("priority"), tight=28),
    Column.START: ColumnSpec(
        "Start",
        "Planned start",
        57,
        48,
        _fields("start"),
        tight=48,
        about="With its date when not today",
    ),
    Column.DUE: ColumnSpec(
        "Due",
        "Due",
        90,
        60,
        _fields("expected_end", "expiration", "performed_end"),
        about="Time left, or how late it is",
    ),
    Column.PATIENT: ColumnSpec("Patient", "Patient", 150, 80, _fields("patient"), is_whole=True),
    Column.PATIENT_ID: ColumnSpec("Patient ID", "Patient ID", 66, 60, _fields("patient"), is_whole=True),
    Column.BORN: ColumnSpec("Born, sex", "Birth date and sex", 99, 60, _fields("patient"), is_whole=True),
    Column.INPUTS: ColumnSpec("", "Inputs", 24, 20, _fields("readiness"), snug=20),
    Column.LABEL: ColumnSpec("Label", "Label", 150, 64, _fields("label", "work_type"), tight=86),
    Column.STATION: ColumnSpec("Station", "Planned station", 70, 40, _fields("stations"), snug=61),
    Column.PROGRESS: ColumnSpec("Progress", "Progress", 83, 50, _fields("progress"), snug=72, tight=50),
    Column.WORK_TYPE: ColumnSpec("Work type", "Work type", 170, 60, _fields("work_type"), is_hidden=True),
    Column.STARTS_IN: ColumnSpec(
        "Starts in",
        "Start, seen from now",
        78,
        50,
        _fields("start"),
        is_hidden=True,
        about="In 26 min, 38 min ago",
    ),
    Column.EXPECTED_END: ColumnSpec(
        "Expected end", "Expected end", 84, 48, _fields("expected_end"), is_hidden=True
    ),
    Column.EXPIRATION: ColumnSpec(
        "Expires",
        "Expiration",
        84,
        48,
        _fields("expiration"),
        is_hidden=True,
        about="Not to be started after it",
    ),
    Column.MODIFIED: ColumnSpec(
        "Modified",
        "Modified",
        84,
        48,
        _fields("modified"),
        is_hidden=True,
        about="By the server, when it last changed",
    ),
    Column.WORKLIST: ColumnSpec("Worklist", "Worklist", 90, 48, _fields("worklist_label"), is_hidden=True),
    Column.PERFORMER: ColumnSpec(
        "Performer", "Planned performer", 120, 48, _fields("performers"), is_hidden=True
    ),
    Column.PERFORMED_STATION: ColumnSpec(
        "Done at",
        "Performed station",
        80,
        40,
        _fields("performed_stations"),
        is_hidden=True,
        about="Known once the details were read",
    ),
    Column.ACCESSION: ColumnSpec(
        "Accession", "Accession number", 96, 48, _fields("accession"), is_hidden=True
    ),
    Column.FOLLOWED: ColumnSpec(
        "",
        "Followed",
        26,
        24,
        _fields("followed"),
        snug=24,
        is_hidden=True,
        about="Waves: subscribed to by itself; with lines: with all others",
    ),
}


def moment_of(item: Workitem, column: AnyColumn) -> Moment | None:
    """The date-time that a column tells; None for a column of something else too."""
    match column:
        case Column.START | Column.STARTS_IN:
            return item.start
        case Column.EXPECTED_END:
            return item.expected_end
        case Column.EXPIRATION:
            return item.expiration
        case Column.MODIFIED:
            return item.modified
        case _:
            return None
