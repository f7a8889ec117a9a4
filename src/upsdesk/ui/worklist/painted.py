"""How the worklist is drawn: rows in sight, by our own hand, and no more of them again than has changed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QTableView, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui import theme, timers
from upsdesk.ui.worklist.cells import Cells, Spot
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.header import WorklistHeader
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.overlay import Overlay

_LOOK_MS = 200
"""Rows that are scrolled past are in nobody's sight."""


class PaintedTable(QTableView):
    """Draws row by row. A delegate would be asked cell by cell, which takes three times as long."""

    in_sight = Signal(object)
    """The keys of the rows that can be seen, when that or what they say has changed."""

    def __init__(self, model: WorklistModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.is_loading = False
        self.setModel(model)
        self.cells = Cells(model)
        self.columns = WorklistHeader(model, self)
        self._overlay = Overlay(self, model, self.cells, self.columns)
        self.setHorizontalHeader(self.columns)
        model.set_sight(lambda: range(self._first_row(), self._last_row() + 1))
        self.setShowGrid(False)
        self.verticalHeader().setVisible(False)
        self._set_row_height()
        self._looking = timers.single(self, _LOOK_MS, self._tell_what_is_in_sight)
        model.flashes.stepped.connect(self._flashes_stepped)
        for signal in (model.rowsInserted, model.layoutChanged, model.modelReset, model.dataChanged):
            signal.connect(self._look_soon)
        self.verticalScrollBar().valueChanged.connect(self._look_soon)
        theme.notifier().changed.connect(self._theme_changed)

    # Rows

    @property
    def density(self) -> Density:
        return self.cells.density

    @property
    def row_height(self) -> int:
        return self.cells.row_height

    def _set_row_height(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(self.row_height)
        rows.setDefaultSectionSize(self.row_height)

    def keys_in_sight(self) -> tuple[WorkitemKey, ...]:
        """The workitems whose rows can be seen."""
        return tuple(self._model.visible[self._first_row() : self._last_row() + 1])

    def rows_in_page(self) -> int:
        """How many whole rows the table has room for, at least 1."""
        return max(1, self.viewport().height() // self.row_height)

    def _first_row(self) -> int:
        return max(0, self.rowAt(0))

    def _last_row(self) -> int:
        return self._row_at_or_last(self.viewport().height() - 1)

    def _row_at_or_last(self, y: int) -> int:
        row = self.rowAt(y)
        return row if row >= 0 else len(self._model.visible) - 1

    def _is_in_sight(self, row: int) -> bool:
        top = self.rowViewportPosition(row)
        return top >= 0 and top + self.row_height <= self.viewport().height()

    def _look_soon(self) -> None:
        if not self._looking.isActive():
            self._looking.start()

    def _tell_what_is_in_sight(self) -> None:
        self.in_sight.emit(self.keys_in_sight() if self.isVisible() else ())

    def sizeHintForColumn(self, column: int) -> int:
        """For a double click beside a title."""
        rows = range(self._first_row(), self._last_row() + 1)
        shown = self._model.column_at(column)
        return max((self.cells.wanted_width(self._model.row_at(row), shown) for row in rows), default=-1)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        spots = self._spots()
        for rect in event.region():  # type: ignore[attr-defined]
            self._paint_cells(painter, rect, spots)
        self._overlay.paint(painter, event.rect(), self.cells.selected)
        painter.end()

    def _paint_cells(self, painter: QPainter, dirty: QRect, spots: list[Spot]) -> None:
        left, right, first = dirty.left(), dirty.right(), self.rowAt(dirty.top())
        touched = [spot for spot in spots if spot.x <= right and spot.x + spot.width > left]
        if not touched or first < 0:
            return
        rows = range(first, self._row_at_or_last(dirty.bottom()) + 1)
        self.cells.paint(painter, rows, self.rowViewportPosition(first), touched)

    def _spots(self) -> list[Spot]:
        """Where the columns are that are not hidden."""
        columns = self.columns
        return [
            Spot(column, columns.sectionViewportPosition(section), width)
            for section, column in enumerate(self._model.columns)
            if (width := columns.sectionSize(section))
        ]

    # What is drawn again

    def dataChanged(
        self,
        top_left: QModelIndex | QPersistentModelIndex,
        bottom_right: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        """Draw the cells in sight again. Qt would draw all of them for several rows out of sight."""
        if QAccessible.isActive():
            super().dataChanged(top_left, bottom_right, roles)
            return
        top = max(top_left.row(), self._first_row())
        bottom = min(bottom_right.row(), self._last_row())
        if top > bottom:
            return
        y = self.rowViewportPosition(top)
        height = self.rowViewportPosition(bottom) + self.row_height - y
        left, right = top_left.column(), bottom_right.column()
        if right - left + 1 == self._model.columnCount():
            self.viewport().update(0, y, self.viewport().width(), height)
            return
        for section in range(left, right + 1):
            x = self.columns.sectionViewportPosition(section)
            self.viewport().update(x, y, self.columns.sectionSize(section), height)

    def _flashes_stepped(self, fading: set[WorkitemKey], ended: set[WorkitemKey]) -> None:
        # By the few rows in sight: thousands may have been lit.
        for row, key in enumerate(self.keys_in_sight(), self._first_row()):
            if key in ended:
                self._repaint_row(row)
            elif key in fading:
                for column in self._model.flashes.columns(key):
                    self.update(self._model.index(row, self._model.section_of(column)))

    def _set_hovered(self, row: int) -> None:
        before = self.cells.hovered
        if row != before:
            self.cells.hovered = row
            for one in (before, row):
                if one >= 0:
                    self._repaint_row(one)

    def _repaint_row(self, row: int) -> None:
        self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), self.row_height)

    def _theme_changed(self) -> None:
        self.cells.refresh()
        self.columns.refresh()
        self.viewport().update()
