"""What a transition dialog was told: an answer, a change since it was opened, or why it cannot go on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.fields import label


class NoticeLevel(Enum):
    """Level of the style sheet, icon and colour role."""

    INFO = ("info", "info", "text")
    GOOD = ("success", "circle-check", "completed")
    WARNING = ("warning", "triangle-alert", "warning")
    ERROR = ("error", "circle-alert", "error")


class Notice(QWidget):
    """One sentence in strong type and lines below it; hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.GRID.dialog_padding, 12, theme.GRID.dialog_padding, 0)
        self._frame = QFrame()
        outer.addWidget(self._frame)
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(12, 9, 12, 10)
        row.setSpacing(10)
        self._icon = QLabel()
        self._icon.setFixedSize(16, 17)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        self._sentence = label("", "strong")
        self._lines = label("")
        self._lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        texts.addWidget(self._sentence)
        texts.addWidget(self._lines)
        row.addLayout(texts, 1)
        self.hide()

    def tell(self, level: NoticeLevel, sentence: str, lines: Sequence[str] = ()) -> None:
        name, icon, tone = level.value
        theme.set_property(self._frame, "level", name)
        icons.set_icon(self._icon, icon, tone)
        theme.set_property(self._sentence, "tone", tone)
        self._sentence.setText(sentence)
        self._lines.setText("\n".join(line for line in lines if line))
        self._lines.setVisible(any(lines))
        self.setAccessibleName(self.text)
        self.show()

    def clear(self) -> None:
        self.hide()

    @property
    def text(self) -> str:
        """Everything that is told, for tests and screen readers."""
        return " ".join((self._sentence.text(), *self._lines.text().splitlines())).strip()
