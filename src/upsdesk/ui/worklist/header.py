"""The header of the worklist: titles, and arrows with their rank where it is sorted."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.worklist.cells import GLYPH_ONLY
from upsdesk.ui.worklist.columns import AnyColumn, Column
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.paint import Kit

_ICONS: dict[AnyColumn, str] = {
    Column.HELD: "key-round",
    Column.INPUTS: "input-incomplete",
    Column.FOLLOWED: "rss",
}
_WORD_OF_PROGRESS = 58
_LEFT: dict[AnyColumn, int] = {Column.STATE: 6, Column.PRIORITY: 6, Column.DUE: 27}


class WorklistHeader(QHeaderView):
    """Painted by hand: a style sheet knows one arrow, and we show two ranks."""

    sort_wanted = Signal(object, bool)
    """A Column, and whether it is added to the sorting there is."""
    menu_wanted = Signal(object, QPoint)
    """The column under the pointer, and where."""

    def __init__(self, model: WorklistModel, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model = model
        self.kit = Kit()
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(20)
        self.setFixedHeight(theme.GRID.header)
        self.setAccessibleName("Columns of the worklist")
        self._is_adding = False
        self.sectionClicked.connect(
            lambda section: self.sort_wanted.emit(self._model.column_at(section), self._is_adding)
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_adding = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        section = self.logicalIndexAt(event.pos())
        if section >= 0:
            self.menu_wanted.emit(self._model.column_at(section), event.globalPos())

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        column = self._model.column_at(section)
        colours = self.kit.theme
        painter.fillRect(rect, colours.panel)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, colours.line)
        icon = _ICONS.get(column)
        if column is Column.PRIORITY and rect.width() < GLYPH_ONLY:
            icon = "priority-high"
        if icon is not None:
            size = 14 if column is Column.HELD else 12
            left = rect.left() + (rect.width() - size + 1) // 2
            icons.paint(
                painter, QRectF(left, rect.top() + (rect.height() - size) // 2, size, size), icon, "text_2"
            )
            return
        left = _LEFT.get(column, 8)
        sort = self._rank(column)
        room = rect.adjusted(left, 0, -2, 0)
        colour = colours.text if sort else colours.text_2
        title = column.spec.title
        if column is Column.PROGRESS and rect.width() < _WORD_OF_PROGRESS:
            title = "%"
        # A narrow column tells its direction only.
        is_ranked = len(self._model.sorting) > 1 and rect.width() > 50
        arrow = 18 if sort and is_ranked else 12 if sort else 0
        self.kit.text(painter, room.adjusted(0, 0, -arrow, 0), title, self.kit.header, colour)
        if sort:
            width = min(self.kit.header.width(title), room.width() - arrow)
            self._draw_rank(painter, rect, round(room.left() + width) + 1, *sort, is_ranked)

    def _rank(self, column: AnyColumn) -> tuple[int, bool] | None:
        for rank, (sorted_column, is_down) in enumerate(self._model.sorting, start=1):
            if sorted_column == column:
                return rank, is_down
        return None

    def _draw_rank(
        self, painter: QPainter, rect: QRect, x: int, rank: int, is_down: bool, is_ranked: bool
    ) -> None:
        name = "arrow-down" if is_down else "arrow-up"
        icons.paint(painter, QRectF(x, rect.top() + (rect.height() - 11) // 2, 11, 11), name, "accent")
        if is_ranked:
            number = QRect(x + 11, rect.top(), 10, rect.height())
            self.kit.text(painter, number, str(rank), self.kit.header, self.kit.theme.accent)

    def refresh(self) -> None:
        self.kit = Kit()
        self.viewport().update()
