"""The saved filters as a list: chosen, kept, ordered, deleted and brought back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.saved_filter import SavedFilter
from upsdesk.ui import icons, theme
from upsdesk.ui.filters import parts
from upsdesk.ui.filters.filter_row import FilterRow
from upsdesk.ui.filters.keeper import FilterKeeper


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
