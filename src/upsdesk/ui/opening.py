"""What the window shows while it is being filled: the frame of the window, and what is being opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from upsdesk.domain.peer import PeerUse
from upsdesk.ui import theme

if TYPE_CHECKING:
    from upsdesk.domain.peer import Peer

_LINE = 22


class OpeningPage(QWidget):
    """Painted, not composed: it is seen for less than half a second, and nothing in it can be used.

    It lies over the window without a layout: QMainWindow would animate it into its place.
    """

    def __init__(self, window: QWidget, peer: Peer | None) -> None:
        super().__init__(window)
        self._title = f"Opening the worklist of {peer.title}…" if peer is not None else "Opening UPS Desk…"
        self._address = peer.address if peer is not None else ""
        self.setAccessibleName(self._title)
        self._band: QWidget | None = None
        if peer is not None and peer.use is PeerUse.DEMO:
            from upsdesk.ui.demo_band import DemoBand

            self._band = DemoBand(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._band is not None:
            self._band.resize(self.width(), self._band.height())

    @property
    def words(self) -> str:
        return f"{self._title}{self._address}"

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, size = theme.current(), theme.TYPE
        painter = QPainter(self)
        width, height = self.width(), self.height()
        painter.fillRect(self.rect(), colours.surface)
        top = theme.GRID.top_bar + (self._band.height() if self._band is not None else 0)
        bottom = height - theme.GRID.status_bar
        painter.fillRect(0, 0, width, top, colours.chrome)
        painter.fillRect(0, top - 1, width, 1, colours.line)
        painter.fillRect(0, bottom, width, height - bottom, colours.chrome)
        painter.fillRect(0, bottom, width, 1, colours.line)
        middle = (top + bottom) // 2
        self._write(painter, middle - _LINE, self._title, size.heading, size.semibold, colours.text)
        self._write(painter, middle, self._address, size.table, size.regular, colours.text_2)
        painter.end()

    def _write(self, painter: QPainter, y: int, text: str, size: int, weight: int, colour: QColor) -> None:
        painter.setFont(theme.font(size, weight))
        painter.setPen(colour)
        line = QRect(theme.GRID.panel_padding, y, self.width() - 2 * theme.GRID.panel_padding, _LINE)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown)
