"""The saved filters as a list: icon, key, name, a mark when what is shown differs, and a live count."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.services.saved_filters import HELD, OVERDUE, TODAY, SavedFilter
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.filters import parts
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.filters.words import criteria_words, sent_words

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
        self.setToolTip(tip)
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
                QRect(4, 0, 10, self.height()), middle | Qt.AlignmentFlag.AlignHCenter, str(self._number)
            )
        size = theme.GRID.icon_row
        colour = "accent" if self.isChecked() else "text_2"
        icons.paint(painter, QRect(18, (self.height() - size) // 2, size, size).toRectF(), self._icon, colour)
        right = self.width() - 8
        if self.count is not None:
            is_alarm = self.name == OVERDUE.name and self.count > 0
            room = QRect(0, 0, right, self.height())
            right -= parts.paint_count(painter, room, self.count, is_alarm=is_alarm) + 6
        self._paint_name(painter, QRect(38, 0, right - 38, self.height()))
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


class FilterList(QWidget):
    """Chooses, keeps, renames, orders and deletes by way of a keeper."""

    save_wanted = Signal()
    rename_wanted = Signal(str)
    row_chosen = Signal()

    def __init__(self, keeper: FilterKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._known: tuple[SavedFilter, ...] = ()
        self.rows: list[FilterRow] = []
        self._drop_at: int | None = None
        self._group = QButtonGroup(self)
        self.add_button = QToolButton()
        icons.set_icon(self.add_button, "plus", None, theme.GRID.icon_row)
        self.add_button.setAccessibleName("Save as a new filter")
        self.add_button.setToolTip("Save what is shown now as a new filter")
        self.add_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add_button.clicked.connect(self.save_wanted)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self._column.addLayout(self._head())
        self.notice = _Notice(keeper)
        self._column.addWidget(self.notice)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        keeper.changed.connect(self._show)
        keeper.counted.connect(self._show_counts)
        self._show()

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(7, 0, 0, 0)
        head.setSpacing(4)
        head.addWidget(parts.section("Saved filters"))
        keys = QLabel("Alt +")
        keys.setProperty("caption", True)
        keys.setToolTip("Alt and the digit before its name puts a filter in force")
        head.addStretch(1)
        head.addWidget(keys)
        head.addWidget(self.add_button)
        return head

    def row(self, name: str) -> FilterRow:
        """The row of a filter; raise StopIteration when there is none."""
        return next(row for row in self.rows if row.name == name)

    def _show(self) -> None:
        if self._known != self._keeper.saved.all:
            self._arrange()
        current = self._keeper.current.name
        for row in self.rows:
            row.setChecked(row.name == current)
        self._show_counts()
        self.notice.show_state()

    def _show_counts(self) -> None:
        current, is_changed = self._keeper.current.name, self._keeper.is_changed
        for row in self.rows:
            row.tell(self._keeper.counts.get(row.name), is_changed=is_changed and row.name == current)

    def _arrange(self) -> None:
        """A row for each filter; the focus stays on the filter, or at the place, where it was."""
        focused = next((row for row in self.rows if row.hasFocus()), None)
        name = focused.name if focused is not None else ""
        self._known = self._keeper.saved.all
        self._make_rows(len(self._known))
        for number, (row, one) in enumerate(zip(self.rows, self._known, strict=True), 1):
            row.stand_for(one, number)
        if focused is not None:
            same = next((row for row in self.rows if row.name == name), None)
            (same or (focused if focused in self.rows else self.rows[-1])).setFocus()

    def _make_rows(self, count: int) -> None:
        while len(self.rows) < count:
            row = FilterRow(self._known[len(self.rows)], len(self.rows) + 1)
            self._column.insertWidget(len(self.rows) + 1, row)
            QWidget.setTabOrder(self.rows[-1] if self.rows else self.add_button, row)
            self.rows.append(row)
            self._group.addButton(row)
            self._connect(row)
        while len(self.rows) > count:
            row = self.rows.pop()
            if row.hasFocus():
                self.rows[-1].setFocus()
            self._group.removeButton(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()

    def _connect(self, row: FilterRow) -> None:
        row.clicked.connect(lambda: self._choose(row.name))
        row.rename_wanted.connect(self.rename_wanted)
        row.remove_wanted.connect(self._keeper.remove)
        row.move_wanted.connect(self._keeper.move)
        row.step_wanted.connect(lambda event: event.setAccepted(parts.step(event, self.rows, row)))
        row.dragged.connect(lambda y: self._drag(row, y))
        row.dropped.connect(lambda: self._drop(row))

    def _drag(self, row: FilterRow, y: int) -> None:
        """Mark where the filter of this row would come in: above the row below the pointer, or under it."""
        at = self.rows.index(row)
        first = len(self._known) - len(self._keeper.saved.own)
        to = min(max(at + y // row.height(), first), len(self.rows) - 1)
        self._drop_at = None if to == at else to
        for number, one in enumerate(self.rows):
            edge = Qt.Edge.TopEdge if to < at else Qt.Edge.BottomEdge
            one.edge = edge if number == self._drop_at else None
            one.update()

    def _drop(self, row: FilterRow) -> None:
        at, to, self._drop_at = self.rows.index(row), self._drop_at, None
        for one in self.rows:
            one.edge = None
            one.update()
        if to is not None:
            self._keeper.move(row.name, to - at)

    def _choose(self, name: str) -> None:
        self._keeper.choose(name)
        self.row_chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_undo = event.key() == Qt.Key.Key_Z and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if is_undo and self._keeper.removed is not None:
            self._keeper.bring_back()
        else:
            super().keyPressEvent(event)


class _Notice(QFrame):
    """What went wrong, or what was deleted and can be brought back."""

    def __init__(self, keeper: FilterKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.setSpacing(2)
        self.label = QLabel()
        self.label.setProperty("caption", True)
        self.label.setProperty("tone", "text_2")
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.undo = self._link("Undo", keeper.bring_back)
        self.close_button = self._link("Close", keeper.dismiss)
        self.close_button.setAccessibleName("Close this message")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.undo)
        row.addWidget(self.close_button)
        row.addStretch(1)
        column.addWidget(self.label)
        column.addLayout(row)
        self.hide()

    def _link(self, words: str, act: object) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "link")
        button.setAutoDefault(False)
        button.clicked.connect(act)
        return button

    def show_state(self) -> None:
        removed, message = self._keeper.removed, self._keeper.message
        told = message or (f"“{removed.name}” is deleted." if removed else "")
        self.label.setText(told)
        self.setAccessibleName(told)
        self.undo.setVisible(removed is not None and not message)
        self.undo.setAccessibleName(f"Bring back {removed.name}" if removed else "")
        theme.set_property(self, "level", "warning" if message else "info")
        theme.set_property(self.label, "tone", "warning" if message else "text_2")
        self.setVisible(bool(told))
