"""How wide the columns of the worklist are: what grows with its values, and what gives way first."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QObject, QTimer
from PySide6.QtWidgets import QTableView

from upsdesk.ui.presenter import NOT_DUE
from upsdesk.ui.worklist.columns import SPECS, Column
from upsdesk.ui.worklist.delegates import WorklistDelegate
from upsdesk.ui.worklist.header import WorklistHeader
from upsdesk.ui.worklist.model import WorklistModel

_LEAST_CHARS = 4
_WIDEST = 2000
_GIVE_WAY = (Column.PROGRESS, Column.START, Column.STATION, Column.INPUTS, Column.HELD)
"""When the label has little room left; after them it shrinks on."""
_GROWING = (Column.PATIENT, Column.PATIENT_ID, Column.BORN, Column.START)


class ColumnWidths(QObject):
    """Keeps the widths that values and persons ask for, and fits them into the table."""

    def __init__(
        self, table: QTableView, model: WorklistModel, cells: WorklistDelegate, header: WorklistHeader
    ) -> None:
        super().__init__(table)
        self._table = table
        self._model = model
        self._cells = cells
        self._header = header
        self._widths: dict[Column, int] = {column: spec.width for column, spec in SPECS.items()}
        self._is_fitting = False
        self._measured: dict[Column, set[str]] = {column: set() for column in _GROWING}
        for column, spec in SPECS.items():
            header.resizeSection(column, spec.width)
            header.setSectionHidden(column, spec.is_hidden)
        header.sectionResized.connect(self._section_resized)
        header.columns_changed.connect(self.fit)
        model.rowsInserted.connect(lambda _parent, first, last: self._grow(first, last))
        model.dataChanged.connect(self._data_changed)
        model.modelReset.connect(lambda: self._grow(0, len(model.visible) - 1))

    def _data_changed(self, top: QModelIndex, bottom: QModelIndex) -> None:
        self._grow(top.row(), bottom.row(), top.column(), bottom.column())

    def _grow(self, first: int, last: int, left: int = 0, right: int = len(Column) - 1) -> None:
        """Widen the columns that must show their values whole; each text is measured once."""
        columns = [column for column in _GROWING if left <= column <= right]
        grown = False
        for number in range(first, last + 1) if columns else ():
            row = self._model.row_at(number)
            for column in columns:
                text = row.text(column, NOT_DUE)
                if len(text) <= _LEAST_CHARS or text in self._measured[column]:
                    continue
                self._measured[column].add(text)
                needed = self._cells.least_width(row, column)
                if needed > self._widths[column]:
                    self._widths[column] = needed
                    grown = True
        if grown:
            self.fit()

    def _section_resized(self, section: int, _old: int, new: int) -> None:
        if self._is_fitting or new == 0:
            return
        column = Column(section)
        least = self._needed_width(column) if column.spec.is_whole else column.spec.least
        self._widths[column] = max(new, least)
        QTimer.singleShot(0, self, self.fit)

    def _needed_width(self, column: Column) -> int:
        rows = (self._model.row_at(number) for number in range(len(self._model.visible)))
        return max((self._cells.least_width(row, column) for row in rows), default=column.spec.least)

    def fit(self) -> None:
        """Give each column its width; the label takes what is left, and gives way first."""
        shown = [column for column in Column if not self._header.isSectionHidden(column)]
        widths = {column: self._widths[column] for column in shown}
        if Column.LABEL in widths:
            widths[Column.LABEL] = Column.LABEL.spec.tight
        room = self._table.viewport().width() - sum(widths.values())
        for column in _GIVE_WAY if room < 0 else ():
            # One that has grown for its values, or that a person has set, stays as it is.
            tightens = column.spec.tight < widths.get(column, 0) <= column.spec.width
            if tightens and room < 0:
                room += widths[column] - column.spec.tight
                widths[column] = column.spec.tight
        if Column.LABEL in widths:
            spec = Column.LABEL.spec
            widths[Column.LABEL] = max(spec.least, spec.tight + room)
        if self._facts_end(widths) > self._table.viewport().width():
            # The patient's facts come before the word beside the priority's glyph.
            widths[Column.PRIORITY] = Column.PRIORITY.spec.tight
        self._is_fitting = True
        for column, width in widths.items():
            if self._header.sectionSize(column) != width:
                self._header.resizeSection(column, width)
        self._is_fitting = False

    def _facts_end(self, widths: dict[Column, int]) -> int:
        """Where the last of the patient's facts ends, from the left; 0 when the priority is hidden."""
        order = sorted(widths, key=self._header.visualIndex)
        last = max(at for at, column in enumerate(order) if column.spec.is_whole)
        return sum(widths[column] for column in order[: last + 1]) if Column.PRIORITY in widths else 0

    def save(self) -> list[dict[str, object]]:
        """The columns in their order on the screen."""
        return [
            {
                "column": column.name,
                "width": self._widths[column],
                "shown": not self._header.isSectionHidden(column),
            }
            for column in sorted(Column, key=self._header.visualIndex)
        ]

    def restore(self, saved: object) -> None:
        """What `save` gave; anything that cannot be read is left at its default."""
        if not isinstance(saved, list):
            return
        place = 0
        for entry in saved:
            name = entry.get("column") if isinstance(entry, Mapping) else None
            if not isinstance(name, str) or name not in Column.__members__:
                continue
            column, width = Column[name], entry.get("width")
            if not isinstance(width, int) or not column.spec.least <= width <= _WIDEST:
                continue
            self._widths[column] = width
            if not column.spec.is_whole and column is not Column.STATE:
                self._header.setSectionHidden(column, entry.get("shown") is False)
            self._header.moveSection(self._header.visualIndex(column), place)
            place += 1
        self.fit()
