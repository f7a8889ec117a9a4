"""A list of painted lines: how the view is set up, and the ground and size of a line."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from upsdesk.ui import theme
from upsdesk.ui.worklist.paint import Kit

LINE = 22
"""Pixels."""


class LineDelegate(QStyledItemDelegate):
    """What paints the lines of one list begins with the ground of each."""

    def __init__(self, parent: QListView) -> None:
        super().__init__(parent)
        self._list = parent
        self.kit = Kit()
        theme.notifier().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.kit = Kit()
        self._list.viewport().update()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, LINE)

    def paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """As chosen, as under the pointer, or plain."""
        colours = self.kit.theme
        if option.state & QStyle.StateFlag.State_Selected:
            ground = colours.selection
        elif option.state & QStyle.StateFlag.State_MouseOver:
            ground = colours.hover
        else:
            ground = colours.surface
        painter.fillRect(option.rect, ground)


def line_list(name: str, model: QAbstractItemModel) -> QListView:
    """A list of lines of one height, without a frame; `name` is for assistive technology."""
    view = QListView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view


def box(line: QRect, x: int, width: int) -> QRect:
    """A part of a line, as high as that."""
    return QRect(x, line.top(), max(0, width), line.height())
