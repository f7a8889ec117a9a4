"""A field for any attribute: keywords are completed while typing, also inside sequences."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from upsdesk.services.attribute_names import LONGEST, NamedPath, read_path, suggestions
from upsdesk.ui import theme

_SHOWN = 8
_MOST = 40
_ROW = 26
_PAD = 8
_NAME_ROLE = Qt.ItemDataRole.UserRole
_VR_ROLE = Qt.ItemDataRole.UserRole + 1


class AttributeField(QLineEdit):
    """A keyword or 8 hex digits, nested by `/`. Enter emits `entered`.

    While suggestions are shown, Down goes into them and Enter takes the one that is marked. A sequence that
    is taken gets a slash, and what can stand in it is offered; Enter behind the slash means the sequence.
    """

    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaxLength(LONGEST)
        self.setPlaceholderText("Keyword or tag, / for what is in a sequence")
        self.setAccessibleName("Attribute")
        self.setAccessibleDescription(
            "A keyword or eight hexadecimal digits; a slash before what stands in a sequence. "
            "Arrow down goes to the suggestions."
        )
        self._offered = QStandardItemModel(self)
        completer = QCompleter(self._offered, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(_SHOWN)
        self.popup = QListView()
        """The list of suggestions."""
        completer.setPopup(self.popup)
        self.popup.setItemDelegate(_SuggestionDelegate(self))
        self.popup.setAccessibleName("Suggested attributes")
        completer.activated.connect(lambda text: QTimer.singleShot(0, self, lambda: self._go_inside(text)))
        self.setCompleter(completer)
        self._completer = completer
        self.textEdited.connect(self._offer)

    @property
    def offered(self) -> tuple[str, ...]:
        """The texts of the list below the field."""
        return tuple(self._offered.item(row).text() for row in range(self._offered.rowCount()))

    def read(self) -> NamedPath | None:
        """The attribute; None for an empty field. Raise ValueError with a sentence when there is none."""
        typed = self.text().strip().rstrip("/")
        return read_path(typed) if typed else None

    def show_all(self) -> None:
        """Offer what goes on from what is there, from nothing too."""
        self._offer(self.text())
        if self._offered.rowCount():
            self._completer.complete()

    def _offer(self, typed: str) -> None:
        self._offered.clear()
        for one in suggestions(typed, _MOST):
            item = QStandardItem(one.text)
            item.setData(one.name, _NAME_ROLE)
            item.setData(one.vr, _VR_ROLE)
            item.setToolTip(f"{one.name} ({one.vr})")
            item.setData(f"{one.text}, {one.name}", Qt.ItemDataRole.AccessibleTextRole)
            self._offered.appendRow(item)
        if not self._offered.rowCount():
            self.popup.hide()

    def _go_inside(self, taken: str) -> None:
        if self.text() == taken and self._vr_of(taken) == "SQ":
            self.setText(f"{taken}/")
            self.show_all()

    def _vr_of(self, text: str) -> str:
        found = self._offered.findItems(text)
        return str(found[0].data(_VR_ROLE)) if found else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self.popup
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and popup.isVisible() and popup.currentIndex().isValid():
            event.ignore()  # the completer takes the suggestion
        elif is_enter:
            popup.hide()
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Down and not popup.isVisible():
            self.show_all()
        else:
            super().keyPressEvent(event)


class _SuggestionDelegate(QStyledItemDelegate):
    """The keyword, and behind it the Standard's name and the VR."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        is_marked = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, colours.selection if is_marked else colours.raised)
        room = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        font = theme.font(theme.TYPE.table, theme.TYPE.medium)
        metrics = QFontMetrics(font)
        # Of a nested path the end is what differs from row to row.
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideLeft, room.width())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        painter.setPen(colours.text)
        painter.drawText(room, flags, text)
        used = metrics.horizontalAdvance(text) + 2 * _PAD
        small = theme.font(theme.TYPE.caption)
        painter.setFont(small)
        painter.setPen(colours.text_2)
        name, vr = str(index.data(_NAME_ROLE)), str(index.data(_VR_ROLE))
        # Most keywords are the name without its blanks.
        is_known = text.rpartition("/")[2].casefold() == "".join(filter(str.isalnum, name)).casefold()
        said = vr if is_known else f"{name} · {vr}"
        beside = QRect(room.left() + used, room.top(), room.width() - used, room.height())
        if beside.width() > 20:
            said = QFontMetrics(small).elidedText(said, Qt.TextElideMode.ElideRight, beside.width())
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, said)
