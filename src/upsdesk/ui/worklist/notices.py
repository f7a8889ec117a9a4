"""What the worklist says instead of rows, and above them when they are stale or not all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from upsdesk.ui import icons, theme
from upsdesk.ui.patient_banner import FlowLayout


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: its words, its icon and what it does."""

    words: str
    icon: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class PageText:
    """One page. `level` colours the icon's ground: "accent", "error" or "quiet"."""

    icon: str
    level: str
    title: str
    text: str
    tags: tuple[str, ...] = ()
    foot: str = ""


_TEXT_WIDTH = 460
_GROUNDS = {"accent": ("info", "accent"), "error": ("error", "error"), "quiet": ("", "text_2")}


class EmptyPage(QScrollArea):
    """Says what happened and the one next step, in the middle of the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._text: PageText | None = None
        inner = QFrame()
        inner.setProperty("surface", "surface")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(24, 24, 24, 24)
        self._column.setSpacing(0)
        self.setWidget(inner)

    @property
    def shown(self) -> PageText | None:
        return self._text

    def show_page(self, page: PageText, offers: Sequence[Offer]) -> None:
        """Replace what is shown; the first offer is the next step."""
        if page == self._text:
            return
        self._text = page
        self._clear()
        middle = Qt.AlignmentFlag.AlignHCenter
        self._column.addStretch(2)
        self._column.addWidget(_disc(page.icon, page.level), 0, middle)
        self._column.addSpacing(16)
        self._column.addWidget(_centred(page.title, "heading"))
        self._column.addSpacing(6)
        words = _centred(page.text, "small")
        words.setMaximumWidth(_TEXT_WIDTH)
        words.setMinimumWidth(min(_TEXT_WIDTH, words.fontMetrics().horizontalAdvance(page.text) + 4, 280))
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(words, 1000)
        line.addStretch(1)
        self._column.addLayout(line)
        if page.tags:
            self._column.addSpacing(12)
            self._column.addWidget(_tags(page.tags), 0, middle)
        self._column.addSpacing(18)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for number, offer in enumerate(offers):
            row.addWidget(_button(offer, is_first=number == 0))
        row.addStretch(1)
        self._column.addLayout(row)
        if page.foot:
            self._column.addSpacing(16)
            self._column.addWidget(_centred(page.foot, "caption"))
        self._column.addStretch(3)
        self.setAccessibleName(page.title)
        self.setAccessibleDescription(page.text)

    def forget(self) -> None:
        self._text = None

    def _clear(self) -> None:
        old = self.takeWidget()
        inner = QFrame()
        inner.setProperty("surface", "surface")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(24, 16, 24, 16)
        self._column.setSpacing(0)
        self.setWidget(inner)
        if old is not None:
            old.deleteLater()


def _disc(icon: str, level: str) -> QWidget:
    ground, ink = _GROUNDS[level]
    disc = _Disc(ground)
    picture = QLabel()
    picture.setFixedSize(24, 24)
    icons.set_icon(picture, icon, ink, 24)
    row = QHBoxLayout(disc)
    row.setContentsMargins(16, 16, 16, 16)
    row.addWidget(picture)
    return disc


class _Disc(QWidget):
    """The round ground of a page's icon."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self._level = level
        self.setFixedSize(56, 56)
        theme.notifier().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        ground = {"info": colours.banner, "error": colours.error_ground}.get(self._level, colours.segment)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawEllipse(self.rect())
        painter.end()


def _centred(text: str, kind: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty(kind, True)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    return label


def _tags(words: Sequence[str]) -> QWidget:
    box = QWidget()
    flow = FlowLayout(spacing=6)
    for word in words:
        tag = QLabel(word)
        tag.setTextFormat(Qt.TextFormat.PlainText)
        tag.setProperty("level", "info")
        flow.addWidget(tag)
    box.setLayout(flow)
    box.setMaximumWidth(460)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return box


def _button(offer: Offer, *, is_first: bool) -> QPushButton:
    button = QPushButton(offer.words)
    if is_first:
        button.setProperty("role", "primary")
    icons.set_icon(button, offer.icon)
    button.clicked.connect(lambda _checked=False: offer.act())
    return button


class Banner(QFrame):
    """A line above the rows: stale, or not all of them."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._icon.setFixedSize(18, 18)
        self._title = QLabel()
        self._title.setProperty("strong", True)
        self._title.setWordWrap(True)
        self._text = QLabel()
        self._text.setWordWrap(True)
        for label in (self._title, self._text):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._button = QPushButton()
        self._button.clicked.connect(self.pressed)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 12, 7)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self._button)
        self.hide()

    def show_words(self, level: str, title: str, text: str, button: str, icon: str) -> None:
        """`level` is "warning" or "error"; an empty title takes the banner away."""
        self.setVisible(bool(title))
        if not title:
            return
        theme.set_property(self, "level", level)
        icons.set_icon(self._icon, icon, level, 18)
        self._title.setText(title)
        theme.set_property(self._title, "tone", level)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    @property
    def title(self) -> str:
        return "" if self.isHidden() else self._title.text()


class SearchStrip(QFrame):
    """Below the rows while a search runs: how many came so far, and Stop."""

    stop_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "top")
        icon = QLabel()
        icon.setFixedSize(16, 16)
        icons.set_icon(icon, "loader-circle", "accent")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._stop = QPushButton("Stop")
        self._stop.setToolTip("End the search; the rows that came stay")
        self._stop.clicked.connect(self.stop_pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 8, 4)
        row.setSpacing(10)
        row.addWidget(icon)
        row.addWidget(self._words, 1)
        row.addWidget(self._stop)
        self.hide()

    def show_words(self, words: str) -> None:
        self._words.setText(words)
        self.setAccessibleName(words)

    @property
    def words(self) -> str:
        return self._words.text()
