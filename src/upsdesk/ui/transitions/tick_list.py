"""Warnings that are ticked one by one before an act is possible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from upsdesk.ui import timers
from upsdesk.ui.fields import icon_label, label
from upsdesk.ui.transitions.parts import clear

ARMED_AFTER_MS = 1000
"""Whoever ticks the last warning has so long to read on before the confirm button counts."""


class _Words(QLabel):
    """Wrapped words beside a box; a press on them ticks it, as on the words of every check box."""

    def __init__(self, text: str, box: QCheckBox) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._box = box

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._box.click()


class TickList(QFrame):
    """One line for each warning. What has been ticked stays ticked as long as its words do."""

    changed = Signal()
    """Another box is ticked, or the last tick has stood long enough."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self.setProperty("level", "warning")
        self.setAccessibleName(caption)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 11)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(icon_label("triangle-alert", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(label(caption, "strong", tone="warning"), 1)
        column.addLayout(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(3)
        column.addLayout(self._lines)
        self._boxes: dict[str, QCheckBox] = {}
        self._arming = timers.single(self, ARMED_AFTER_MS, self.changed.emit)
        self.hide()

    def show_warnings(self, warnings: Sequence[str]) -> None:
        """Show exactly these; one that is new, or says something else now, waits for its own tick."""
        if tuple(warnings) == tuple(self._boxes):
            return
        ticked = {words for words, box in self._boxes.items() if box.isChecked()}
        focused = next((words for words, box in self._boxes.items() if box.hasFocus()), None)
        clear(self._lines)
        self._boxes = {words: self._line(words, words in ticked) for words in warnings}
        if focused in self._boxes:
            self._boxes[focused].setFocus()
        self.setVisible(bool(warnings))
        self.changed.emit()

    def _line(self, words: str, is_ticked: bool) -> QCheckBox:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(22, 0, 0, 0)
        row.setSpacing(6)
        box = QCheckBox()
        box.setAccessibleName(words)
        box.setChecked(is_ticked)
        box.toggled.connect(self._toggled)
        row.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(_Words(words, box), 1, Qt.AlignmentFlag.AlignVCenter)
        self._lines.addWidget(line)
        return box

    def _toggled(self) -> None:
        if self.left == 0:
            self._arming.start()
        else:
            self._arming.stop()
        self.changed.emit()

    @property
    def boxes(self) -> tuple[QCheckBox, ...]:
        return tuple(self._boxes.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._boxes)

    @property
    def left(self) -> int:
        """How many are not ticked."""
        return sum(not box.isChecked() for box in self._boxes.values())

    @property
    def waits_for(self) -> str:
        """What is still to be done, in words; empty when nothing is."""
        if self.left:
            return f"{self.left} warning{'s' if self.left > 1 else ''} to be ticked"
        return "a moment after the last tick" if self._arming.isActive() else ""

    def first_left(self) -> QCheckBox | None:
        return next((box for box in self._boxes.values() if not box.isChecked()), None)
