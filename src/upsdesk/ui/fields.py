"""Small parts of forms: labels, the message beside a field, rules and cards."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.ui import icons, theme


def label(text: str = "", *kinds: str, tone: str = "", wrap: bool = True) -> QLabel:
    """A plain-text label; `kinds` are the boolean properties of the style sheet (`small`, `strong`, ...)."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    for kind in kinds:
        made.setProperty(kind, True)
    if tone:
        made.setProperty("tone", tone)
    return made


def icon_label(name: str, colour: str | None = None, size: int = 16) -> QLabel:
    """An icon that stands beside words and therefore needs no name of its own."""
    made = QLabel()
    made.setFixedSize(size, size)
    icons.set_icon(made, name, colour, size)
    return made


def one_below_another(*parts: QWidget) -> QWidget:
    """The parts in a column without gaps."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part)
    return made


def add_captioned(column: QVBoxLayout, words: str, field: QWidget) -> None:
    """A field with its caption above it."""
    caption = label(words, "small", "strong")
    caption.setBuddy(field)
    column.addWidget(caption)
    column.addWidget(field)


def caption_grid(rows: Iterable[tuple[str, QWidget, QWidget]]) -> QGridLayout:
    """Each a caption at the left, its field, and the field's message below that."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (words, field, message) in enumerate(rows):
        caption = label(words, "small", "strong", wrap=False)
        caption.setBuddy(field)
        grid.addWidget(caption, 2 * row, 0)
        grid.addWidget(field, 2 * row, 1)
        grid.addWidget(message, 2 * row + 1, 1)
    return grid


def rule() -> QFrame:
    """A line across."""
    made = QFrame()
    made.setProperty("rule", True)
    made.setFixedHeight(1)
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """A bordered ground with its layout."""
    frame = QFrame()
    frame.setProperty("surface", "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(16, 12, 16, 12)
    column.setSpacing(8)
    return frame, column


def make_clearable(field: QLineEdit, words: str) -> None:
    """Give a field Qt's button that clears it, and that button the name which Qt leaves out."""
    before = set(field.findChildren(QToolButton))
    field.setClearButtonEnabled(True)
    for button in set(field.findChildren(QToolButton)) - before:
        button.setAccessibleName(words)
        button.setToolTip(words)


class CalmBox(QComboBox):
    """Scrolling the form under the pointer must not change a value on the way."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class FieldMessage(QWidget):
    """What is said beside or below a field: a grey hint, or a problem in red with an icon."""

    def __init__(self, field: QWidget | None = None) -> None:
        super().__init__()
        self._field = field
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._icon = QLabel()
        self._icon.setFixedSize(14, 14)
        self.label = label("", "small")
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.label, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.say("")

    def say(self, text: str) -> None:
        """A hint; empty clears it."""
        self._show(text, "text_3", "")

    def warn(self, text: str) -> None:
        """A problem; the field is drawn with the error border."""
        self._show(text, "error", "circle-alert")

    def _show(self, text: str, tone: str, icon: str) -> None:
        self.label.setText(text)
        theme.set_property(self.label, "tone", tone)
        self._icon.setVisible(bool(icon))
        if icon:
            icons.set_icon(self._icon, icon, tone, 14)
        if self._field is not None:
            theme.set_property(self._field, "invalid", bool(icon))
            self._field.setAccessibleDescription(text)

    @property
    def text(self) -> str:
        return self.label.text()
