"""What is painted over the cells of the table: changed rows, the selected one, and places of rows to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist import paint

if TYPE_CHECKING:
    from upsdesk.ui.worklist.cells import Cells
    from upsdesk.ui.worklist.header import WorklistHeader
    from upsdesk.ui.worklist.model import WorklistModel
    from upsdesk.ui.worklist.painted import PaintedTable

_LIT_BAR = 3
_NARROWEST_PLACE = 36
_MOST_PLACES = 8


class Overlay:
    """Paints for one view."""

    def __init__(
        self, view: PaintedTable, model: WorklistModel, cells: Cells, columns: WorklistHeader
    ) -> None:
        self._view = view
        self._model = model
        self._cells = cells
        self._columns = columns

    def paint(self, painter: QPainter, dirty: QRect, selected: WorkitemKey | None) -> None:
        """All that belongs over the cells in `dirty`."""
        if dirty.left() < _LIT_BAR:
            self._paint_lit_bars(painter, dirty, selected)
        row = self._model.row_of.get(selected) if selected is not None else None
        if row is not None:
            self._paint_frame(painter, row)
        if self._view.is_loading:
            self._paint_places(painter)

    def _paint_lit_bars(self, painter: QPainter, dirty: QRect, selected: WorkitemKey | None) -> None:
        """A bar at the left of each row with a change."""
        view, visible = self._view, self._model.visible
        colour, flashes = self._cells.kit.theme.warning_line, self._model.flashes
        first, last = max(0, view.rowAt(dirty.top())), view.rowAt(dirty.bottom())
        end = last + 1 if last >= 0 else len(visible)
        for row, key in enumerate(visible[first:end], first):
            if flashes.strength(key) > 0 and key != selected:
                painter.fillRect(0, view.rowViewportPosition(row), _LIT_BAR, view.row_height - 1, colour)

    def _paint_frame(self, painter: QPainter, row: int) -> None:
        view = self._view
        width = min(self._columns.length(), view.viewport().width())
        rect = QRect(0, view.rowViewportPosition(row), width, view.row_height)
        colours = self._cells.kit.theme
        paint.frame(painter, rect, colours.focus if view.hasFocus() else colours.accent)

    def _paint_places(self, painter: QPainter) -> None:
        """Grey bars where rows will be, fainter downwards."""
        view, columns = self._view, self._columns
        colours = self._cells.kit.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        start = len(self._model.visible)
        count = min(_MOST_PLACES, (view.viewport().height() // view.row_height) - start)
        for line in range(max(0, count)):
            top = (start + line) * view.row_height - view.verticalScrollBar().value()
            painter.setOpacity(1.0 - line * 0.11)
            painter.fillRect(0, top + view.row_height - 1, view.viewport().width(), 1, colours.line)
            painter.setBrush(colours.track)
            for section in range(columns.count()):
                width = columns.sectionSize(section)
                if width < _NARROWEST_PLACE:  # a glyph, or hidden
                    continue
                left = columns.sectionViewportPosition(section) + 8
                # Uneven ends look like text that is on its way.
                share = 0.55 + 0.3 * ((line * 7 + section * 3) % 5) / 4
                box = (left, top + (view.row_height - 8) // 2, max(12, round((width - 16) * share)), 8)
                painter.drawRoundedRect(*box, 4, 4)
        painter.setOpacity(1.0)
