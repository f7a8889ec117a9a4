"""Check boxes of one kind, each with its count: which values are shown, one by one or one alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.criteria import Choice
from upsdesk.domain.plain import plain
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.filters import parts
from upsdesk.ui.tips import plain_tip

_MOST = 12
"""Values that are listed at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One check box: words, count, and a glyph with its colour role where there is one."""

    words: str
    count: int
    icon: str = ""
    role: str = ""


class CountBox(QCheckBox):
    """A press on the box or Space turns it; a press on the name or Enter shows this value alone."""

    only_wanted = Signal()
    step_wanted = Signal(QKeyEvent)
    menu_wanted = Signal(QPoint)

    def __init__(self, entry: Entry, hint: str = "") -> None:
        """`hint` tells what it does, where a press on the name does not show it alone."""
        super().__init__()
        self.entry = entry
        self._hint = hint
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if entry.icon:
            icons.set_icon(self, entry.icon, entry.role, 12)
        self._say(entry)

    def tell(self, entry: Entry) -> None:
        if entry != self.entry:
            self._say(entry)

    def _say(self, entry: Entry) -> None:
        self.entry = entry
        self.setAccessibleName(f"{entry.words}, {presenter.count_words(entry.count, 'workitem')}")
        only = self._hint or f"A press on the name, or Enter, shows only {entry.words}"
        self.setAccessibleDescription(only)
        self.setToolTip(plain_tip(f"{entry.words}\n{only}"))
        self._cut()
        self.update()

    def _number(self) -> str:
        return presenter.number_words(self.entry.count)

    def _cut(self) -> None:
        """The name as far as there is room beside the count; a server's "&" is no key."""
        number = self.fontMetrics().horizontalAdvance(self._number())
        before = 44 if self.entry.icon else 28
        room = self.width() - before - number - 14
        name = plain(self.entry.words)
        words = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, max(room, 24))
        self.setText(words.replace("&", "&&"))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._cut()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(120, super().sizeHint().height())

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def _is_on_name(self, pos: QPoint) -> bool:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        mark = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        return pos.x() > mark.right() + 4

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and self._is_on_name(at):
            self.setDown(False)
            if self.rect().contains(at):
                self.only_wanted.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.only_wanted.emit()
            return
        self.step_wanted.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == event.Reason.Mouse
        self.menu_wanted.emit(event.globalPos() if by_mouse else self.mapToGlobal(self.rect().bottomLeft()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        parts.paint_count(painter, QRect(0, 0, self.width() - 8, self.height()), self.entry.count)
        painter.end()


class CheckList(QWidget):
    """Emits a new `Choice` when the person makes one."""

    chosen = Signal(object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.boxes: dict[Hashable, CountBox] = {}
        self._choice: Choice = Choice()
        self._title = title
        self.menu_button = QToolButton()
        icons.set_icon(self.menu_button, "chevron-down", None, theme.GRID.icon_small)
        self.menu_button.setAccessibleName(f"{title}: all, none or one")
        self.menu_button.setToolTip("All or none of these")
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu_button.clicked.connect(self._open_menu)
        head = QHBoxLayout()
        head.setContentsMargins(7, 0, 0, 0)
        head.addWidget(parts.section(title), 1)
        head.addWidget(self.menu_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(head)
        self.more_button = QPushButton()
        self.more_button.setProperty("role", "link")
        self.more_button.setAutoDefault(False)
        self.more_button.clicked.connect(self._turn_whole)
        self._column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._is_whole = False
        self._show_some()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def choice(self) -> Choice:
        return self._choice

    def show_entries(self, entries: Mapping[Hashable, Entry]) -> None:
        """Show these in this order; boxes that stay keep the focus."""
        if list(entries) != list(self.boxes):
            self._arrange(entries)
            self._show_some()
        for value, entry in entries.items():
            self.boxes[value].tell(entry)
        self.setVisible(len(entries) > 1 or not self._choice.is_open)

    def show_choice(self, choice: Choice) -> None:
        """Check what is shown, without telling anybody."""
        self._choice = choice
        for value, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(choice.passes(value))
            box.blockSignals(False)
        self._show_some()
        self.setVisible(len(self.boxes) > 1 or not choice.is_open)

    def _show_some(self) -> None:
        """Of many, the first ones and those that were chosen, until all are asked for."""
        are_many = len(self.boxes) > _MOST
        for at, (value, box) in enumerate(self.boxes.items()):
            box.setVisible(not are_many or self._is_whole or at < _MOST or value in self._choice.values)
        self.more_button.setVisible(are_many)
        self.more_button.setText("Fewer" if self._is_whole else f"All {len(self.boxes)}")
        self.more_button.setAccessibleName(f"{self._title}: {self.more_button.text().lower()}")

    def _turn_whole(self) -> None:
        self._is_whole = not self._is_whole
        self._show_some()

    def _arrange(self, entries: Mapping[Hashable, Entry]) -> None:
        for value in [value for value in self.boxes if value not in entries]:
            box = self.boxes.pop(value)
            self._column.removeWidget(box)
            box.hide()
            box.deleteLater()
        before: QWidget = self.menu_button
        for at, (value, entry) in enumerate(entries.items(), start=1):
            if value not in self.boxes:
                self.boxes[value] = self._make(value, entry)
            box = self.boxes[value]
            self._column.insertWidget(at, box)
            QWidget.setTabOrder(before, box)
            before = box
        QWidget.setTabOrder(before, self.more_button)
        self.boxes = {value: self.boxes[value] for value in entries}

    def _make(self, value: Hashable, entry: Entry) -> CountBox:
        box = CountBox(entry)
        box.setChecked(self._choice.passes(value))
        box.toggled.connect(lambda _checked: self._choose(self._choice.toggled(value)))
        box.only_wanted.connect(lambda: self._choose_only(value))
        box.step_wanted.connect(
            lambda event: event.setAccepted(parts.step(event, list(self.boxes.values()), box))
        )
        box.menu_wanted.connect(lambda at: self._menu(value).popup(at))
        return box

    def _choose_only(self, value: Hashable) -> None:
        """This one alone; again, all."""
        alone: Choice = Choice(frozenset({value}), is_only=True)
        self._choose(Choice() if self._choice == alone else alone)

    def _choose(self, choice: Choice) -> None:
        self.show_choice(choice)
        self.chosen.emit(choice)

    def _menu(self, value: Hashable | None = None, *, has_value: bool = True) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if has_value:
            name = self.boxes[value].entry.words.replace("&", "&&")
            only: Choice = Choice(frozenset({value}), is_only=True)
            but: Choice = Choice(frozenset({value}))
            menu.addAction(f"Only {name}").triggered.connect(lambda: self._choose(only))
            menu.addAction(f"All but {name}").triggered.connect(lambda: self._choose(but))
            menu.addSeparator()
        menu.addAction("All").triggered.connect(lambda: self._choose(Choice()))
        menu.addAction("None").triggered.connect(lambda: self._choose(Choice(is_only=True)))
        return menu

    def _open_menu(self) -> None:
        at = self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft())
        self._menu(has_value=False).popup(at)
