"""The hatched band that says DEMO, INVENTED PATIENTS on every window and dialog of the demo."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from upsdesk.domain.peer import DEMO_WORDS
from upsdesk.ui import theme

WORDS = DEMO_WORDS
HEIGHT = 22
_STRIPE = 14


class DemoBand(QWidget):
    """One line, as wide as its place. `radius` rounds the upper corners, for the top of a dialog."""

    def __init__(self, parent: QWidget | None = None, *, radius: int = 0) -> None:
        super().__init__(parent)
        self._radius = radius
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(WORDS)

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(self._outline())
        painter.fillRect(self.rect(), colours.warning_ground)
        painter.setPen(QPen(colours.warning_line, 4))
        painter.setOpacity(0.45)
        for x in range(-HEIGHT, self.width() + HEIGHT, _STRIPE):
            painter.drawLine(x, HEIGHT + 2, x + HEIGHT + 4, -2)
        painter.setOpacity(1.0)
        self._draw_words(painter)
        painter.end()

    def _outline(self) -> QPainterPath:
        path = QPainterPath()
        if self._radius:
            # Twice the height: only the upper corners are inside the band.
            tall = QRectF(0, 0, self.width(), self.height() + 2 * self._radius)
            path.addRoundedRect(tall, self._radius, self._radius)
        else:
            path.addRect(QRectF(self.rect()))
        return path

    def _draw_words(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.setFont(theme.font(theme.TYPE.caption, theme.TYPE.semibold))
        width = painter.fontMetrics().horizontalAdvance(WORDS) + 24
        plate = QRectF((self.width() - width) / 2, 0, width, self.height())
        painter.fillRect(plate, colours.warning_ground)
        painter.setPen(colours.warning)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, WORDS)
