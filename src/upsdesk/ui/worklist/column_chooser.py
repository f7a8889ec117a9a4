"""The sheet that chooses columns: check, move, find, add any attribute, start anew. All of it by keys."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.folding import folded
from upsdesk.ui import icons, theme
from upsdesk.ui.attribute_field import AttributeField
from upsdesk.ui.dialog_frame import PADDING, DialogFrame
from upsdesk.ui.fields import FieldMessage, label, make_clearable
from upsdesk.ui.worklist.column_set import ColumnSet, Shown
from upsdesk.ui.worklist.columns import AnyColumn, PathColumn

_COLUMN_ROLE = Qt.ItemDataRole.UserRole
_ABOUT_ROLE = Qt.ItemDataRole.UserRole + 1
_LIST_HEIGHT = 330
_LEAST_LIST = 140
_CHECK_BOX = 30
"""From the left end of a row to its name."""


class ColumnChooser(DialogFrame):
    """Changes the table at once; there is nothing to confirm."""

    def __init__(self, parent: QWidget | None, columns: ColumnSet, *, demo: bool = False) -> None:
        super().__init__(
            parent,
            "Columns",
            "What the list shows, from left to right. It follows at once.",
            demo=demo,
            width=560,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._columns = columns
        self._is_filling = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a column")
        self.search.setAccessibleName("Find a column")
        make_clearable(self.search, "Clear what is looked for")
        icons.set_icon(self.search.addAction(icons.icon("search"), _LEADING), "search")
        self.list = ColumnList()
        self.up = _button("Move up", "arrow-up", "Alt+Up")
        self.down = _button("Move down", "arrow-down", "Alt+Down")
        self.drop = _button("Remove", "trash-2", "Del")
        self.field = AttributeField()
        self.add = _button("Add attribute", "plus", "")
        self.message = FieldMessage(self.field)
        self.reset = _button("Reset", "rotate-ccw", "")
        self.reset.setToolTip("The columns, places and widths of a new desk; added attributes go")
        self.done_button = QPushButton("Done")
        self.done_button.setProperty("role", "primary")
        for button in (self.reset, self.done_button):
            button.setAutoDefault(False)
        self._lay_out()
        self._connect()
        self._fill()
        self.search.setFocus()

    def _lay_out(self) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(PADDING, 2, PADDING, 0)
        top.addWidget(self.search)
        self.fixed.addLayout(top)
        beside = QVBoxLayout()
        beside.setSpacing(8)
        for button in (self.up, self.down, self.drop):
            beside.addWidget(button)
        beside.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.list, 1)
        row.addLayout(beside)
        self.middle.addLayout(row, 1)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.field, 1)
        below.addWidget(self.add)
        self.foot.addWidget(label("Any attribute of the workitem as a column", "small"))
        self.foot.addLayout(below)
        self.foot.addWidget(self.message)
        ends = QHBoxLayout()
        ends.addWidget(self.reset)
        ends.addStretch(1)
        ends.addWidget(self.done_button)
        self.foot.addSpacing(2)
        self.foot.addLayout(ends)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._find)
        self.list.itemChanged.connect(self._checked)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show_what_is_possible())
        self.list.model().rowsMoved.connect(lambda: QTimer.singleShot(0, self, self._take_order))
        self.list.move_wanted.connect(self._move)
        self.list.remove_wanted.connect(self._remove)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.drop.clicked.connect(self._remove)
        self.add.clicked.connect(self._add)
        self.field.entered.connect(self._add)
        self.field.textEdited.connect(lambda _text: self.message.say(""))
        self.reset.clicked.connect(self._reset)
        self.done_button.clicked.connect(self.accept)

    # The list

    def _fill(self, chosen: AnyColumn | None = None) -> None:
        """All columns from left to right, with `chosen` as the current one."""
        self._is_filling = True
        self.list.clear()
        for one in self._columns.columns:
            self.list.addItem(_item(one))
        self._is_filling = False
        self._find()
        columns = [one.column for one in self._columns.columns]
        self.list.setCurrentRow(columns.index(chosen) if chosen in columns else 0)
        self._show_what_is_possible()

    def _find(self) -> None:
        words = folded(self.search.text()).split()
        for at in range(self.list.count()):
            item = self.list.item(at)
            said = folded(f"{item.text()} {item.data(_ABOUT_ROLE)} {item.toolTip()}")
            item.setHidden(not all(word in said for word in words))
        # Between rows that are not seen nothing is moved.
        self.list.setDragEnabled(not words)
        self._show_what_is_possible()

    @property
    def _current(self) -> AnyColumn | None:
        item = self.list.currentItem()
        column: AnyColumn | None = (
            item.data(_COLUMN_ROLE) if item is not None and not item.isHidden() else None
        )
        return column

    def _show_what_is_possible(self) -> None:
        at, is_found = self.list.currentRow(), bool(self.search.text().strip())
        may_move = self._current is not None and not is_found
        self.up.setEnabled(may_move and at > 0)
        self.down.setEnabled(may_move and at < self.list.count() - 1)
        self.drop.setEnabled(isinstance(self._current, PathColumn))

    def _checked(self, item: QListWidgetItem) -> None:
        if not self._is_filling:
            self._columns.show(item.data(_COLUMN_ROLE), item.checkState() is Qt.CheckState.Checked)

    def _move(self, by: int) -> None:
        column, to = self._current, self.list.currentRow() + by
        if column is not None and 0 <= to < self.list.count() and not self.search.text().strip():
            self._columns.move(column, to)
            self._fill(column)

    def _take_order(self) -> None:
        """Somebody has dragged a row."""
        chosen = self._current
        for place in range(self.list.count()):
            self._columns.move(self.list.item(place).data(_COLUMN_ROLE), place)
        self._fill(chosen)

    def _remove(self) -> None:
        if isinstance(self._current, PathColumn):
            at = self.list.currentRow()
            self._columns.remove(self._current)
            self._fill()
            self.list.setCurrentRow(min(at, self.list.count() - 1))

    # Attributes

    def _add(self) -> None:
        try:
            named = self.field.read()
            if named is None:
                self.message.warn("Type a keyword, such as CommentsOnTheScheduledProcedureStep, or a tag.")
                return
            column = self._columns.add(named)
        except ValueError as error:
            words = str(error)
            end = "" if words.endswith((".", "?")) else "."
            self.message.warn(f"{words[:1].upper()}{words[1:]}{end}")
            self.field.setFocus()
            return
        self.search.clear()
        self.field.clear()
        self._fill(column)
        self.message.say(f"{column.spec.name} is a column now; the server is asked for it with every search.")

    def _reset(self) -> None:
        self._columns.reset()
        self.search.clear()
        self._fill()


class ColumnList(QListWidget):
    """Check boxes by Space, places by Alt+arrows or drag."""

    move_wanted = Signal(int)
    """By so many places, -1 up."""
    remove_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Columns of the list")
        self.setAccessibleDescription("Space shows or hides a column, Alt with an arrow moves it.")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(_LEAST_LIST)
        self.setItemDelegate(_ColumnDelegate(self))

    def sizeHint(self) -> QSize:
        return QSize(300, _LIST_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self.move_wanted.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)


class _ColumnDelegate(QStyledItemDelegate):
    """Behind the name, in grey, what a column shows."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        about = str(index.data(_ABOUT_ROLE) or "")
        used = _CHECK_BOX + option.fontMetrics.horizontalAdvance(str(index.data())) + 14
        room = QRect(option.rect.adjusted(used, 0, -8, 0))
        if not about or room.width() < 60:
            return
        font = theme.font(theme.TYPE.caption)
        painter.save()
        painter.setFont(font)
        painter.setPen(theme.current().text_3)
        is_path = isinstance(index.data(_COLUMN_ROLE), PathColumn)
        mode = Qt.TextElideMode.ElideLeft if is_path else Qt.TextElideMode.ElideRight
        words = QFontMetrics(font).elidedText(about, mode, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()


_LEADING = QLineEdit.ActionPosition.LeadingPosition


def _item(one: Shown) -> QListWidgetItem:
    spec = one.column.spec
    item = QListWidgetItem(spec.title if isinstance(one.column, PathColumn) else spec.name)
    item.setData(_COLUMN_ROLE, one.column)
    about = spec.name if isinstance(one.column, PathColumn) else spec.about
    if spec.is_fixed:
        about = "always shown"
    item.setData(_ABOUT_ROLE, about)
    item.setToolTip(about)
    flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsDragEnabled
    item.setFlags(flags if spec.is_fixed else flags | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if one.is_shown else Qt.CheckState.Unchecked)
    return item


def _button(text: str, icon: str, keys: str) -> QPushButton:
    made = QPushButton(text)
    icons.set_icon(made, icon)
    made.setAccessibleName(text)
    made.setAutoDefault(False)
    if keys:
        made.setToolTip(f"{text} ({keys})")
    return made
