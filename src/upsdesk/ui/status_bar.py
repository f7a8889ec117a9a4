"""The line at the bottom: how fresh the list is, what is shown, what is held, who we are."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStatusBar, QToolButton, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.tips import plain_tip

_LEAST_NEWS = 400
_OTHERS = 860
"""About what all other items take together."""


class StatusItem(QWidget):
    """An icon and a few words."""

    def __init__(self, name: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._icon = QLabel()
        self._icon.setProperty("glyph", True)
        self._text = QLabel()
        self._text.setProperty("caption", True)
        self._icon_name = icon
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)  # the style sheet gives labels of a status bar 4 px at both sides
        row.addWidget(self._icon)
        row.addWidget(self._text)
        self._told: tuple[str, str, str, str] | None = None
        self.is_wanted = False
        self.hide()

    def show_text(self, text: str, tip: str = "", *, icon: str = "", tone: str = "text_2") -> None:
        """Show `text`; an empty one takes the item away. `tone` is a colour role."""
        told = (text, tip, icon, tone)
        if told == self._told:  # a search that runs tells the same many times a second
            return
        self._told = told
        self.is_wanted = bool(text)
        self._text.setText(text)
        theme.set_property(self._text, "tone", tone)
        icons.set_icon(self._icon, icon or self._icon_name, tone, theme.GRID.icon_small)
        self.setToolTip(plain_tip(tip))
        self.setAccessibleName(f"{self._name}: {text}")
        self.setAccessibleDescription(tip)

    @property
    def text(self) -> str:
        return self._text.text()


class StatusBar(QFrame):
    """The rate of updates gives way first when room is short; freshness and attention never do."""

    attention_clicked = Signal()
    resume_clicked = Signal()

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
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(18)
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
        links = [link for link in (self.attention, self.paused) if not link.isHidden()]
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
