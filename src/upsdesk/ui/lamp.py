"""A lamp: one state as shape, word and colour, with a line of detail below."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.tips import plain_tip


class Level(Enum):
    """Good is round, a warning is a triangle, bad is a square: told without colour too."""

    GOOD = ("lamp-good", "completed")
    WARNING = ("lamp-warning", "warning")
    BAD = ("lamp-bad", "error")
    OFF = ("state-scheduled", "text_3")

    @property
    def icon(self) -> str:
        return self.value[0]

    @property
    def colour(self) -> str:
        return self.value[1]


class Detail(Enum):
    """How much of a lamp there is room for."""

    FULL = 2
    WORD = 1
    LAMP = 0


class Lamp(QWidget):
    """Painted, so that it can give up its detail and then its words when room is short."""

    _ICON = 12
    _GAP = 7

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._level = Level.OFF
        self._word = ""
        self._detail = ""
        self._room = Detail.FULL
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.notifier().changed.connect(self.update)

    def show_state(self, level: Level, word: str, detail: str, tip: str) -> None:
        """Show one state; `tip` is a whole sentence, for the tooltip and for screen readers."""
        if (level, word, detail) != (self._level, self._word, self._detail):
            self._level, self._word, self._detail = level, word, detail
            self.updateGeometry()
            self.update()
        self.setToolTip(plain_tip(tip))
        self.setAccessibleName(f"{self._name}: {word}")
        self.setAccessibleDescription(tip)

    def set_detail(self, room: Detail) -> None:
        """Leave the detail, or the word too, to the tooltip."""
        if room is not self._room:
            self._room = room
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        bold = QFontMetricsF(theme.font(theme.TYPE.table, theme.TYPE.semibold))
        caption = QFontMetricsF(theme.font(theme.TYPE.caption))
        if self._room is Detail.LAMP:
            return QSize(self._ICON + 2, 36)
        width = bold.horizontalAdvance(self._word)
        if self._room is Detail.FULL:
            width = max(width, caption.horizontalAdvance(self._detail))
        return QSize(round(self._ICON + self._GAP + width + 2), 36)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        bold = theme.font(theme.TYPE.table, theme.TYPE.semibold)
        caption = theme.font(theme.TYPE.caption)
        two_lines = bool(self._detail) and self._room is Detail.FULL
        line = QRectF(self._ICON + self._GAP, 2 if two_lines else 9, self.width(), 18)
        icons.paint(
            painter,
            QRectF(0, line.center().y() - self._ICON / 2, self._ICON, self._ICON),
            self._level.icon,
            self._level.colour,
        )
        if self._room is Detail.LAMP:
            return
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(bold)
        painter.setPen(colours.text)
        painter.drawText(line, left, self._word)
        if two_lines:
            painter.setFont(caption)
            painter.setPen(colours.text_2)
            painter.drawText(line.translated(0, 16), left, self._detail)
