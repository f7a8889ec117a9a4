"""Data sets as text tables for a terminal: the worklist, chosen attributes, or one data set in full."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from upsdesk.cli.replies import printable
from upsdesk.cli.rows import flattened
from upsdesk.domain import tags
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.when import Moment, in_zone
from upsdesk.domain.workitem import Workitem, read_columns

if TYPE_CHECKING:
    from datetime import tzinfo

    from upsdesk.cli.console import Console
    from upsdesk.domain.elements import Element, Elements, Path

_WIDEST = 40
_MOST_MARKS = 8
"""Characters in one column of a terminal."""
_PRIORITY = tags.SCHEDULED_PROCEDURE_STEP_PRIORITY
_START = tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME
_WORKLIST_HEADER = (
    "State",
    "Priority",
    "Start",
    "Patient",
    "ID",
    "Born",
    "Sex",
    "Label",
    "Station",
    "SOP Instance UID",
)


class WorklistTable:
    """The columns that a technologist looks for; times in the zone of this computer."""

    def __init__(self, console: Console, zone: tzinfo | None) -> None:
        self._console = console
        self._zone = zone or datetime.now().astimezone().tzinfo or UTC
        self._rows: list[Sequence[str]] = []

    def row(self, elements: Elements) -> None:
        uid = SopInstanceUid(elements.text(tags.SOP_INSTANCE_UID))
        known = Workitem(WorkitemKey(PeerId(""), uid))
        item = read_columns(known, elements, default_zone=self._zone)
        self._rows.append(
            (
                item.state.value if item.state else elements.text(tags.PROCEDURE_STEP_STATE),
                item.priority.value if item.priority else elements.text(_PRIORITY),
                _time(item.start) or elements.text(_START),
                item.patient.display_name,
                item.patient.patient_id,
                item.patient.birth_date,
                item.patient.sex,
                item.label_words,
                item.station,
                uid,
            )
        )

    def end(self) -> None:
        for line in table_lines(_WORKLIST_HEADER, self._rows):
            self._console.result(line)


class PathTable:
    """One column for each attribute that was asked for."""

    def __init__(self, console: Console, columns: Sequence[Path]) -> None:
        self._console = console
        self._columns = tuple(columns)
        self._rows: list[Sequence[str]] = []

    def row(self, elements: Elements) -> None:
        values = flattened(elements)
        self._rows.append([_cell(path, values) for path in self._columns])

    def end(self) -> None:
        from upsdesk.dicom.paths import path_text

        for line in table_lines([path_text(path) for path in self._columns], self._rows):
            self._console.result(line)


def data_set_lines(elements: Elements, depth: int = 0) -> list[str]:
    """One data set in full: tag, VR, keyword, value; items of sequences indented."""
    from upsdesk.dicom.paths import keyword_of

    lines = []
    for element in elements:
        name = keyword_of(element.tag) or ""
        head = f"{'  ' * depth}{tags.tag_text(element.tag)} {element.vr} {name}"
        lines.append(f"{head:<60} {printable(_value(element))}".rstrip())
        for number, item in enumerate(element.items or (), start=1):
            lines.append(f"{'  ' * (depth + 1)}item {number}")
            lines += data_set_lines(item, depth + 2)
    return lines


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]], widest: int = _WIDEST) -> list[str]:
    """Columns as wide as their widest cell, up to `widest`; the last one is never cut."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [
        min(widest, max(width_of(row[column]) for row in [header, *cells])) for column in range(len(header))
    ]
    return [_line(row, widths) for row in [list(header), *cells]]


def width_of(text: str) -> int:
    """How many columns of a terminal `text` takes: East Asian wide characters take two."""
    return sum(map(_width_of_one, text))


def _width_of_one(char: str) -> int:
    return 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    *first, last = row
    cells = [_fitted(cell, width) for cell, width in zip(first, widths, strict=False)]
    return "  ".join([*cells, last]).rstrip()


def _fitted(text: str, width: int) -> str:
    begin = text[: _MOST_MARKS * width]  # a letter may carry marks, and one may carry thousands of them
    if len(begin) == len(text) and width_of(text) <= width:
        return text + " " * (width - width_of(text))
    taken = kept = 0
    for char in begin:
        taken += _width_of_one(char)
        if taken > width - 1:
            taken -= _width_of_one(char)
            break
        kept += 1
    return f"{begin[:kept]}…{' ' * (width - 1 - taken)}"


def _cell(path: Path, values: dict[Path, str]) -> str:
    if path in values:
        return values[path]
    return " ".join(text for below, text in values.items() if below[: len(path)] == path and text)


def _time(moment: Moment | None) -> str:
    return in_zone(moment.instant, None).strftime("%Y-%m-%d %H:%M") if moment else ""


def _value(element: Element) -> str:
    if element.items is not None:
        return "" if element.items else "(no item)"
    if element.raw is not None:
        return f"({len(element.raw)} bytes)"
    return element.text
