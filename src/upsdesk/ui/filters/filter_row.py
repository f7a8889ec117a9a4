"""One saved filter: icon, key, name, a mark when what is shown differs, a live count, and what it can do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QSizePolicy

from upsdesk.domain.saved_filter import HELD, OVERDUE, TODAY, SavedFilter
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.filters import parts
from upsdesk.ui.filters.words import criteria_words, sent_words
from upsdesk.ui.tips import plain_tip

_ICONS = {TODAY.name: "calendar-days", HELD.name: "key-round", OVERDUE.name: "clock-alert"}
_TIPS = {
    TODAY.name: "What is planned for today, and what earlier days have left unfinished",
    HELD.name: "What this desk has started and not finished",
    OVERDUE.name: "What should have started or ended more than 5 minutes ago",
}
KEYS = 9
"""Alt+1 to Alt+9."""
_DOT = 6


def icon_of(one: SavedFilter) -> str:
    """Its icon: a filter that asks the server for something of its own shows so."""
    return _ICONS.get(one.name, "filter" if one.plan.is_day else "send")


def key_of(number: int) -> str:
    """The key of the filter at a place of the list, from 1; empty beyond the ninth."""
    return f"Alt+{number}" if number <= KEYS else ""


class FilterRow(QPushButton):
    """One saved filter; checked while it is in force."""

    rename_wanted = Signal(str)
    remove_wanted = Signal(str)
    move_wanted = Signal(str, int)
    step_wanted = Signal(QKeyEvent)
    dragged = Signal(int)
    """By the pointer, to this height of the row."""
    dropped = Signal()

    def __init__(self, one: SavedFilter, number: int) -> None:
        super().__init__()
        self.setProperty("role", "nav")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.count: int | None = None
        self.is_changed = False
        self.edge: Qt.Edge | None = None
        """Where a filter that is dragged would come in."""
        self._pressed_at = 0
        self._is_dragged = False
        theme.notifier().changed.connect(self.update)
        self.stand_for(one, number)

    def stand_for(self, one: SavedFilter, number: int) -> None:
        """Be the row of this filter, at this place of the list."""
        self.name = one.name
        self._one = one
        self._icon = icon_of(one)
        self._number = number
        self._describe()
        self.update()

    def tell(self, count: int | None, *, is_changed: bool) -> None:
        """How many rows it would show, if that is known, and whether what is shown differs from it."""
        if (count, is_changed) != (self.count, self.is_changed):
            self.count, self.is_changed = count, is_changed
            self._describe()
            self.update()

    def tell_names(self) -> None:
        """Names are hidden or shown from now on: the tip says what was typed, or not."""
        self._describe()

    def _describe(self) -> None:
        counted = [presenter.count_words(self.count, "workitem")] if self.count is not None else []
        changed = ["changed"] if self.is_changed else []
        self.setAccessibleName(", ".join([self.name, *changed, *counted]))
        key = key_of(self._number)
        if self._one.is_built_in:
            tip = f"{_TIPS[self.name]} ({key})"
        else:
            sent = sent_words(self._one)
            lines = [f"{self.name} ({key})" if key else self.name, *criteria_words(self._one.criteria)]
            tip = "\n".join([*lines, *(["Sent to the server:"] if sent else []), *sent])
        self.setToolTip(plain_tip(tip))
        self.setAccessibleDescription(self.toolTip())

    def sizeHint(self) -> QSize:
        return QSize(120, 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        if self._number <= KEYS:
            painter.setFont(theme.font(theme.TYPE.caption))
            painter.setPen(colours.text_3)
            painter.drawText(
                QRect(3, 0, 10, self.height()), middle | Qt.AlignmentFlag.AlignHCenter, str(self._number)
            )
        size = theme.GRID.icon_row
        colour = "accent" if self.isChecked() else "text_2"
        icons.paint(painter, QRect(16, (self.height() - size) // 2, size, size).toRectF(), self._icon, colour)
        right = self.width() - 7
        if self.count is not None:
            is_alarm = self.name == OVERDUE.name and self.count > 0
            room = QRect(0, 0, right, self.height())
            right -= parts.paint_count(painter, room, self.count, is_alarm=is_alarm) + 4
        self._paint_name(painter, QRect(35, 0, right - 35, self.height()))
        if self.edge is not None:
            y = 0 if self.edge is Qt.Edge.TopEdge else self.height() - 2
            painter.fillRect(QRect(0, y, self.width(), 2), colours.accent)
        painter.end()

    def _paint_name(self, painter: QPainter, room: QRect) -> None:
        colours = theme.current()
        weight = theme.TYPE.semibold if self.isChecked() else theme.TYPE.regular
        font = theme.font(theme.TYPE.body, weight)
        metrics = QFontMetrics(font)
        mark = _DOT + 6 if self.is_changed else 0
        name = metrics.elidedText(self.name, Qt.TextElideMode.ElideRight, room.width() - mark)
        painter.setFont(font)
        painter.setPen(colours.text if self.isEnabled() else colours.disabled)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        if mark:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.high)
            x = room.left() + metrics.horizontalAdvance(name) + 6
            painter.drawEllipse(QRect(x, room.center().y() - _DOT // 2 + 1, _DOT, _DOT))

    # What can be done with one of the user's

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint().y()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        y = event.position().toPoint().y()
        far = abs(y - self._pressed_at) >= QApplication.startDragDistance()
        if self.isDown() and far and not self._one.is_built_in:
            self._is_dragged = True
            self.setDown(False)
        if self._is_dragged:
            self.dragged.emit(y)
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self.dropped.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_ctrl = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif not self._one.is_built_in and event.key() == Qt.Key.Key_F2:
            self.rename_wanted.emit(self.name)
        elif not self._one.is_built_in and event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit(self.name)
        elif not self._one.is_built_in and is_ctrl and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_wanted.emit(self.name, -1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            self.step_wanted.emit(event)
            if not event.isAccepted():
                super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._one.is_built_in:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, icon, act in (
            ("Rename…\tF2", "pencil", lambda: self.rename_wanted.emit(self.name)),
            ("Move up\tCtrl+Up", "arrow-up", lambda: self.move_wanted.emit(self.name, -1)),
            ("Move down\tCtrl+Down", "arrow-down", lambda: self.move_wanted.emit(self.name, 1)),
            ("Delete\tDel", "trash-2", lambda: self.remove_wanted.emit(self.name)),
        ):
            action = menu.addAction(words)
            icons.set_icon(action, icon, None, theme.GRID.icon_row)
            action.triggered.connect(act)
        at = event.globalPos() if event.reason() == event.Reason.Mouse else self._foot()
        menu.popup(at)

    def _foot(self) -> QPoint:
        return self.mapToGlobal(QPoint(16, self.height()))
