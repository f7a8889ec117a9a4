"""The line at the bottom: how fresh the list is, what is shown, what is held, who we are."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStatusBar, QToolButton, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.tips import plain_tip

_LEAST_NEWS = 400
_OTHERS = 860
"""About what all other items take together."""
_PAD = 7


class StatusItem(QWidget):
    """An icon and a few words. Painted by itself: a label lays out the whole window for every text."""

    def __init__(self, name: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._icon_name = icon
        self._told = _Told()
        self._width = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        theme.notifier().changed.connect(self.update)
        self.hide()

    @property
    def text(self) -> str:
        return self._told.text

    @property
    def is_wanted(self) -> bool:
        return bool(self._told.text)

    def show_text(self, text: str, tip: str = "", *, icon: str = "", tone: str = "text_2") -> None:
        """Show `text`; an empty one takes the item away. `tone` is a colour role."""
        told = _Told(text, tip, icon, tone)
        if told == self._told:  # a search that runs tells the same many times a second
            return
        self._told = told
        width = theme.GRID.icon_small + 2 * _PAD + QFontMetrics(_font()).horizontalAdvance(text)
        if width != self._width:
            self._width = width
            self.updateGeometry()
        self.update()
        self.setToolTip(plain_tip(tip))
        self.setAccessibleName(f"{self._name}: {text}")
        self.setAccessibleDescription(tip)

    def sizeHint(self) -> QSize:
        return QSize(self._width, theme.GRID.status_bar - 1)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        told, size = self._told, theme.GRID.icon_small
        painter = QPainter(self)
        at = QRectF(0, (self.height() - size) // 2, size, size)
        icons.paint(painter, at, told.icon or self._icon_name, told.tone)
        painter.setFont(_font())
        painter.setPen(theme.current().colour(told.tone))
        room = self.rect().adjusted(size + _PAD, 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, told.text)
        painter.end()


class _Told(NamedTuple):
    text: str = ""
    tip: str = ""
    icon: str = ""
    tone: str = ""


def _font() -> QFont:
    return theme.font(theme.TYPE.caption, theme.TYPE.medium)


class StatusBar(QFrame):
    """The rate of updates gives way first when room is short; freshness and attention never do."""

    attention_clicked = Signal()
    resume_clicked = Signal()
    names_clicked = Signal()
    """Somebody wants to see names again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "chrome")
        self.setProperty("edge", "top")
        self.setFixedHeight(theme.GRID.status_bar)
        self.freshness = StatusItem("Freshness", "radio")
        self.last_read = StatusItem("Last search", "refresh-cw")
        self.rows = StatusItem("Rows", "rows-3")
        self.rate = StatusItem("Updates", "activity")
        self.held = StatusItem("Held", "key-round")
        self.identity = StatusItem("This desk", "server")
        self.clock = StatusItem("Time", "clock")
        self.news = StatusItem("News", "info")
        self.attention = _link()
        self.attention.clicked.connect(self.attention_clicked)
        self.paused = _link()
        self.paused.setText(" Refresh paused: resume")
        self.paused.setToolTip("The list is not searched by itself. Updates of the server still come in.")
        icons.set_icon(self.paused, "pause", "warning", theme.GRID.icon_small)
        self.paused.clicked.connect(self.resume_clicked)
        self.names = _link()
        self.names.setText(" Names hidden: show")
        self.names.setToolTip("Names and IDs of patients are masked, and nothing is changed (Ctrl+Shift+M)")
        self.names.setAccessibleName("Names hidden: show them")
        icons.set_icon(self.names, "eye-off", "warning", theme.GRID.icon_small)
        self.names.clicked.connect(self.names_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(18)
        row.addWidget(self.names)
        for item in (self.freshness, self.paused, self.last_read, self.rows, self.rate, self.held):
            row.addWidget(item)
        row.addWidget(self.attention)
        row.addWidget(self.news)
        row.addStretch(1)
        row.addWidget(self.identity)
        row.addWidget(self.clock)
        self._row = row

    def show_attention(self, count: int) -> None:
        """How many acts wait to be acknowledged."""
        self.attention.setVisible(count > 0)
        words = "1 act needs attention" if count == 1 else f"{count} acts need attention"
        self.attention.setText(f" {words}")  # away from the icon
        self.attention.setAccessibleName(words)
        if count:
            icons.set_icon(self.attention, "triangle-alert", "warning", theme.GRID.icon_small)

    def show_paused(self, paused: bool) -> None:
        """Whether the list is searched at intervals."""
        self.paused.setVisible(paused)
        self.fit()

    def show_names_hidden(self, hidden: bool) -> None:
        """Whether patients' names are masked."""
        self.names.setVisible(hidden)
        self.fit()

    def show_news(self, text: str) -> None:
        """What has just been said; empty takes it away."""
        width = max(_LEAST_NEWS, self.width() - _OTHERS)
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
        self.news.show_text(shown, text, tone="text")
        self.news.setAccessibleName(text)
        self.fit()

    def fit(self) -> None:
        """Show what is wanted as far as the width allows."""
        items = (
            self.freshness,
            self.news,
            self.held,
            self.rows,
            self.last_read,
            self.identity,
            self.clock,
            self.rate,
        )
        links = [link for link in (self.names, self.attention, self.paused) if not link.isHidden()]
        room = self.width() - 24 - sum(link.sizeHint().width() + 18 for link in links)
        for item in items:
            width = item.sizeHint().width() + 18
            fits = width <= room or item is self.freshness
            item.setVisible(item.is_wanted and fits)
            room -= width if item.is_wanted and fits else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, theme.GRID.status_bar)


def _link() -> QToolButton:
    button = QToolButton()
    button.setProperty("role", "link")
    button.setProperty("caption", True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.hide()
    return button


class Bottom(QStatusBar):
    """Holds the bar itself: the layout of Qt's own leaves gaps that would push it out of the window."""

    def __init__(self, bar: StatusBar) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._bar = bar
        bar.setParent(self)
        self.setFixedHeight(bar.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bar.setGeometry(self.rect())
