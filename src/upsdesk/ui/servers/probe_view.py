"""What the test of a server found, line by line, and who must mend what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from upsdesk.ui import icons
from upsdesk.ui.fields import label

if TYPE_CHECKING:
    from upsdesk.dicom.probe import ProbeStep


_GLYPHS = {
    True: ("circle-check", "completed"),
    False: ("circle-alert", "error"),
    None: ("state-scheduled", "text_3"),
}


class ProbeView(QFrame):
    """A line per step; the one under way has the dashed ring."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "inset")
        self.setAccessibleName("Result of the test")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 10, 14, 10)
        self._column.setSpacing(6)
        self._waiting: QWidget | None = None
        self.hide()

    def start(self) -> None:
        """Forget the last test and show that one is under way."""
        self._stop_waiting()
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._waiting = _line("state-pending", "accent", "Testing…", "", "")
        self._column.addWidget(self._waiting)
        self.show()

    def add(self, step: ProbeStep) -> None:
        """One step that is over; `ok` None means that it was not tried, or says nothing."""
        icon, colour = _GLYPHS[step.ok]
        line = _line(icon, colour, step.title, step.detail, step.next_step)
        self._column.insertWidget(max(0, self._column.count() - (1 if self._waiting else 0)), line)

    def finish(self, sentence: str, *, good: bool) -> QLabel:
        """What it comes to; returns the line that says so."""
        self._stop_waiting()
        tone = "completed" if good else "text"
        told = label(sentence, "strong", tone=tone)
        told.setAccessibleName(sentence)
        self._column.addWidget(told)
        return told

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._column.removeWidget(self._waiting)
            self._waiting.hide()
            self._waiting.deleteLater()
            self._waiting = None


def _line(icon: str, colour: str, title: str, detail: str, next_step: str) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    glyph = QLabel()
    glyph.setFixedSize(16, 16)
    icons.set_icon(glyph, icon, colour)
    row.addWidget(glyph, 0, Qt.AlignmentFlag.AlignTop)
    name = label(title, "small", tone="error" if colour == "error" else "text")
    name.setFixedWidth(150)
    row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
    texts = QVBoxLayout()
    texts.setSpacing(2)
    if detail:
        texts.addWidget(label(detail, "small", tone="text_2"))
    if next_step:
        texts.addWidget(label(next_step, "small", "strong", tone="text"))
    row.addLayout(texts, 1)
    line.setAccessibleName(" ".join(part for part in (f"{title}:", detail, next_step) if part))
    return line
