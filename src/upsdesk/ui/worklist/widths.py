"""How wide the columns of the worklist are: what grows with its values, and what gives way first."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QSignalBlocker, QTimer
from PySide6.QtWidgets import QTableView

from upsdesk.ui.presenter import NOT_DUE
from upsdesk.ui.worklist.cells import MARK_ROOM, Cells
from upsdesk.ui.worklist.columns import SPECS, AnyColumn, Column
from upsdesk.ui.worklist.header import WorklistHeader
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.slices import Slices

_LEAST_CHARS = 4
_FIRST = 25
"""Rows of a table that is filled, as many as are seen."""
_AT_ONCE = 100
"""Rows that are measured before they are painted; of more, the rest follows."""
_WIDEST = 2000
_WIDEST_GROWN = 520
"""No value alone takes more: 64 characters, which is what the Standard allows, and no column more than a part
of the table. Whole it stands in the banner."""
_GIVE_WAY = (Column.PROGRESS, Column.START, Column.STATION, Column.INPUTS, Column.HELD)
"""When labels have too little room; after them the label shrinks on."""
_GROWING = (Column.PATIENT, Column.PATIENT_ID, Column.BORN, Column.START)
_SHARING = (Column.LABEL, Column.PATIENT, Column.STATION)
"""What they need to be on one line decides how the room is shared."""
_MEASURED = tuple(dict.fromkeys((*_GROWING, *_SHARING)))
_WIDEST_NAME = 240
_MOST_FOLDED = 5_000
"""Rows whose names are measured again with every change of the window's size."""
_USUAL = frozenset(column for column, spec in SPECS.items() if not spec.is_hidden)


class ColumnWidths(QObject):
    """Keeps the widths that values and persons ask for, and fits them into the table."""

    def __init__(self, table: QTableView, model: WorklistModel, cells: Cells, header: WorklistHeader) -> None:
        super().__init__(table)
        self._table = table
        self._model = model
        self._cells = cells
        self._header = header
        self._widths: dict[AnyColumn, int] = {column: spec.width for column, spec in SPECS.items()}
        self._measuring = Slices(self._measure, self)
        self._is_begun = False
        """Rows have been measured since a search began to fill the table."""
        self._one_line = dict.fromkeys(_SHARING, 0)
        self._by_hand: set[AnyColumn] = set()
        for column, spec in SPECS.items():
            header.resizeSection(column, spec.width)
        header.sectionResized.connect(self._section_resized)
        model.texts_changed.connect(self._grow)
        model.loading_changed.connect(self._loading_changed)
        model.modelAboutToBeReset.connect(self._measuring.clear)

    def _grow(self, rows: list[Row]) -> None:
        """Widen the columns that must show their values whole for new texts.

        While a search fills the table, no more than its first rows are measured before its end.
        """
        at_once = _AT_ONCE
        if self._model.is_loading:
            at_once = 0 if self._is_begun else _FIRST
            self._is_begun = True
        self._measure(rows[:at_once])
        self._measuring.add(rows[at_once:])

    def measure_again(self) -> None:
        """Values take another width now: in rows of another height names stand on one line, or on two."""
        for column in _GROWING:
            if column not in self._by_hand:
                self._widths[column] = column.spec.width
        self._grow([self._model.row_at(number) for number in range(len(self._model.visible))])
        self.fit()

    def _loading_changed(self, loading: bool) -> None:
        self._is_begun = False
        self._measuring.hold(loading)

    def _measure(self, rows: list[Row]) -> None:
        grown = False
        for row in rows:
            for column in _MEASURED:
                text = row.text(column, NOT_DUE)
                if len(text) > _LEAST_CHARS and not self._is_within(row, column, text):
                    grown |= self._take_note(row, column)
        if grown:
            self.fit()

    def _is_within(self, row: Row, column: Column, text: str) -> bool:
        limits = [self._widths[column]] if column in _GROWING else []
        if column in _SHARING:
            limits.append(self._one_line[column])
        return self._cells.is_surely_within(row, column, text, min(limits))

    def _take_note(self, row: Row, column: Column) -> bool:
        """Whether a text needs more than any before it."""
        grown = False
        if column in _GROWING:
            needed = min(self._cells.least_width(row, column), _WIDEST_GROWN)
            if needed > self._widths[column]:
                self._widths[column] = needed
                grown = True
        if column in _SHARING and (wanted := self._cells.wanted_width(row, column)) > self._one_line[column]:
            self._one_line[column] = wanted
            grown = True
        return grown

    def _section_resized(self, section: int, _old: int, new: int) -> None:
        if new == 0:
            return
        column = self._model.column_at(section)
        least = self._needed_width(column) if column.spec.is_whole else column.spec.least
        self._widths[column] = max(new, least)
        self._by_hand.add(column)
        QTimer.singleShot(0, self, self.fit)

    def _needed_width(self, column: AnyColumn) -> int:
        rows = (self._model.row_at(number) for number in range(len(self._model.visible)))
        needed = max((self._cells.least_width(row, column) for row in rows), default=column.spec.least)
        return min(needed, _WIDEST_GROWN)

    def fit(self) -> None:
        """Give each column its width; the label takes what is left, and gives way first."""
        sections = {column: section for section, column in enumerate(self._model.columns)}
        widths = {
            column: self._widths.get(column, column.spec.width)
            for column, section in sections.items()
            if not self._header.isSectionHidden(section)
        }
        if Column.LABEL in widths:
            self._share(widths)
        if self._facts_end(widths) > self._table.viewport().width():
            # The patient's facts come before the word beside the priority's glyph.
            widths[Column.PRIORITY] = Column.PRIORITY.spec.tight
            self._fold_names(widths)
        other = {
            sections[column]: width
            for column, width in widths.items()
            if self._header.sectionSize(sections[column]) != width
        }
        if other:
            self._resize(other)

    def _resize(self, widths: dict[int, int]) -> None:
        """All sections at once. Qt would show a scroll bar for the widths before, and draw the rows twice."""
        blocker = QSignalBlocker(self._header)
        for section, width in widths.items():
            self._header.resizeSection(section, width)
        blocker.unblock()
        self._table.updateGeometries()
        self._table.viewport().update()

    def make_room_beside_names(self, rows: Iterable[Row]) -> None:
        """These carry the mark of look-alikes: their names stay whole beside it."""
        if Column.PATIENT not in self._widths:
            return
        needed = max((self._cells.folded_width(row) + MARK_ROOM for row in rows), default=0)
        needed = min(needed, _WIDEST_GROWN)
        if needed > self._widths[Column.PATIENT]:
            self._widths[Column.PATIENT] = needed
            self.fit()

    def _fold_names(self, widths: dict[AnyColumn, int]) -> None:
        """Where facts would be out of sight, starts and names take two lines in compact rows too."""
        count = len(self._model.visible)
        if not self._cells.is_compact or count > _MOST_FOLDED:
            return
        for column in (Column.START, Column.PATIENT):
            if column in self._by_hand or column not in widths:
                continue
            if self._facts_end(widths) > self._table.viewport().width():
                rows = (self._model.row_at(number) for number in range(count))
                found = (self._cells.folded_width(row, column) for row in rows)
                widths[column] = min(max(column.spec.width, *found, 0), _WIDEST_GROWN)

    def _share(self, widths: dict[AnyColumn, int]) -> None:
        """Labels on one line, if others that show all can make room for it; then names on one line."""
        label, longest = Column.LABEL.spec, self._one_line[Column.LABEL]
        before = dict(widths)
        widths[Column.LABEL] = 0
        room = self._table.viewport().width() - sum(widths.values())
        for column in _GIVE_WAY:
            if room < longest and column.spec.snug:
                # A station's name is not cut for a label.
                room += self._narrow(widths, column, max(column.spec.snug, self._one_line.get(column, 0)))
        for column in _GIVE_WAY:
            if room < label.tight and column.spec.tight:
                room += self._narrow(widths, column, column.spec.tight)
        if room < label.least and any(column not in _USUAL for column in widths):
            # More columns than fit side by side: the list scrolls, and nothing needs to give way for it.
            widths |= before
            widths[Column.LABEL] = max(label.width, min(longest, _WIDEST_NAME))
            return
        spare = room - max(longest, label.width)
        if spare > 0 and Column.PATIENT in widths and Column.PATIENT not in self._by_hand:
            wider = min(self._one_line[Column.PATIENT], _WIDEST_NAME) - widths[Column.PATIENT]
            gain = max(0, min(spare, wider))
            widths[Column.PATIENT] += gain
            room -= gain
        widths[Column.LABEL] = max(label.least, room)

    @staticmethod
    def _narrow(widths: dict[AnyColumn, int], column: Column, width: int) -> int:
        """The room that is won; nothing by one that has grown for its values, or that a person has set."""
        if not width < widths.get(column, 0) <= column.spec.width:
            return 0
        won = widths[column] - width
        widths[column] = width
        return won

    def _facts_end(self, widths: dict[AnyColumn, int]) -> int:
        """Where the last of the patient's facts ends, from the left; 0 when the priority is hidden."""
        order = sorted(widths, key=lambda column: self._header.visualIndex(self._model.section_of(column)))
        last = max(at for at, column in enumerate(order) if column.spec.is_whole)
        return sum(widths[column] for column in order[: last + 1]) if Column.PRIORITY in widths else 0

    # What is kept

    def width_of(self, column: AnyColumn) -> int:
        """What values and persons have asked for, however much room there is."""
        return self._widths[column]

    def set_width(self, column: AnyColumn, width: int) -> None:
        self._widths[column] = width

    def keep(self, column: AnyColumn, width: object) -> bool:
        """Take a width of an earlier run; False when it is none."""
        if not isinstance(width, int) or not column.spec.least <= width <= _WIDEST:
            return False
        self._widths[column] = width
        if width != column.spec.width:
            self._by_hand.add(column)
        return True

    def forget(self, column: AnyColumn) -> None:
        """The table has it no more."""
        self._widths.pop(column, None)
        self._by_hand.discard(column)

    def reset(self) -> None:
        """The widths of a new desk, as far as the values are whole then."""
        self._by_hand.clear()
        self._widths = {column: spec.width for column, spec in SPECS.items()}
        self.measure_again()
