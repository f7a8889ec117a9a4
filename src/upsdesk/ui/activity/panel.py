"""The activity panel: one painted line per entry, newest first, with a button that holds it still."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.services.activity import ActivityEntry, ActivityKind
from upsdesk.services.desk import Desk
from upsdesk.ui import icons, presenter, timers
from upsdesk.ui.activity.model import KEPT, ActivityModel
from upsdesk.ui.line_list import LineDelegate, box, line_list

_PAUSE_MS = 100
"""Between two changes of the list."""
_TIME, _ICON, _TITLE = 62, 14, 132
_COLOURS = {
    ActivityKind.REPORT: ("in_progress", "text_2"),
    ActivityKind.OWN_ACT: ("accent", "completed"),
    ActivityKind.REFUSED: ("error", "error"),
    ActivityKind.UNKNOWN: ("warning", "warning"),
    ActivityKind.NOTE: ("text_2", "text_2"),
    ActivityKind.CONNECTION: ("text_2", "text_2"),
    ActivityKind.MISSED: ("warning", "warning"),
}
"""Roles of the icon and of the result."""


class ActivityDelegate(LineDelegate):
    """Time, icon, title, subject, detail, result; the detail gives way first, then the subject."""

    def __init__(self, desk: Desk, model: ActivityModel, parent: QListView) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model = model

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = self._model.entry(index.row())
        colours, kit = self.kit.theme, self.kit
        rect: QRect = option.rect
        self.paint_ground(painter, option)
        icon_role, result_role = _COLOURS[entry.kind]
        x = rect.left() + 12
        at = presenter.seconds_words(entry.at, self._desk.zone)
        kit.text(painter, box(rect, x, _TIME), at, kit.regular, colours.text_3)
        x += _TIME
        top = rect.top() + (rect.height() - _ICON) // 2
        icons.paint(painter, QRectF(x, top, _ICON, _ICON), entry.kind.icon, icon_role)
        x += _ICON + 8
        kit.text(painter, box(rect, x, _TITLE), entry.title, kit.semibold, colours.text)
        right = rect.right() - 12
        if entry.result:
            width = round(kit.medium.width(entry.result)) + 2
            colour = colours.colour(self._result_role(entry, result_role))
            kit.text(painter, box(rect, right - width, width), entry.result, kit.medium, colour, right=True)
            right -= width + 12
        self._paint_middle(painter, rect, entry, x + _TITLE + 8, right)

    def _paint_middle(self, painter: QPainter, rect: QRect, entry: ActivityEntry, x: int, right: int) -> None:
        colours, kit = self.kit.theme, self.kit
        room = max(0, right - x)
        subject = min(round(kit.regular.width(entry.subject)) + 2, max(260, room * 45 // 100), room)
        kit.text(painter, box(rect, x, subject), entry.subject, kit.regular, colours.text_2)
        left = x + max(subject, min(260, room * 45 // 100)) + 12 if entry.subject else x
        kit.text(painter, box(rect, left, right - left), entry.detail, kit.regular, colours.text)

    @staticmethod
    def _result_role(entry: ActivityEntry, usual: str) -> str:
        # An act that waits for its answer has not been done yet.
        is_waiting = entry.kind is ActivityKind.OWN_ACT and entry.result.startswith(("waiting", "sent"))
        return "warning" if is_waiting else usual


class ActivityPanel(QFrame):
    """Shows the desk's feed."""

    activated = Signal(object)
    """The key of an entry that was chosen with Enter or a double click."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "surface")
        self.model = ActivityModel(desk.activity, desk.zone, self, item_of=desk.store.get)
        self.view = line_list("Activity, newest first", self.model)
        self._delegate = ActivityDelegate(desk, self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.activated.connect(self._activated)
        self._empty = QLabel("Updates and what this desk does appear here.")
        self._empty.setProperty("caption", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._waiting = QLabel()
        self._waiting.setProperty("caption", True)
        self._hold = QToolButton()
        self._hold.setCheckable(True)
        self._hold.setText(" Hold")
        self._hold.setAccessibleName("Hold the activity still")
        self._hold.setToolTip("Let no new line move these; they are added when you let go")
        icons.set_icon(self._hold, "pause", None, 14)
        self._hold.toggled.connect(self._set_held)
        self.tools = QWidget(self)
        self.tools.hide()
        """For the head of the panel: the order, how much waits, and Hold."""
        self._build()
        self._coming: deque[ActivityEntry] = deque(maxlen=KEPT)
        self._pause = timers.single(self, _PAUSE_MS, self._take_in)
        self._forget = desk.activity.subscribe(self._add)
        self.destroyed.connect(self._forget)
        self._show_counts()

    def _build(self) -> None:
        head = QHBoxLayout(self.tools)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        order = QLabel("newest first")
        order.setProperty("caption", True)
        head.addWidget(order)
        head.addStretch(1)
        head.addWidget(self._waiting)
        head.addWidget(self._hold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._empty, 1)
        column.addWidget(self.view, 1)
        self.setMinimumHeight(70)

    def sizeHint(self) -> QSize:
        return QSize(600, 150)

    def tell_names(self) -> None:
        """Names are hidden or shown from now on."""
        self.model.tell_names()

    def _add(self, entries: Sequence[ActivityEntry]) -> None:
        """The first at once; of many nobody can read more than what comes in every tenth of a second."""
        self._coming.extend(entries)
        if self._hold.isChecked() or not self._pause.isActive():  # held, they are only counted
            self._take_in()

    def _take_in(self) -> None:
        if self._coming:
            coming, self._coming = list(self._coming), deque(maxlen=KEPT)
            self.model.add(coming)
            self._show_counts()
            self._pause.start()

    def _set_held(self, held: bool) -> None:
        self._take_in()
        self.model.set_held(held)
        icons.set_icon(self._hold, "play" if held else "pause", None, 14)
        self._show_counts()

    def _show_counts(self) -> None:
        count = self.model.waiting
        self._waiting.setText(f"{presenter.count_words(count, 'new line')} waiting" if count else "")
        self._empty.setVisible(not self.model.rowCount())
        self.view.setVisible(self.model.rowCount() > 0)

    def _activated(self, index: QModelIndex) -> None:
        key = self.model.entry(index.row()).key
        if key is not None:
            self.activated.emit(key)
