"""The frame of every dialog: rounded sheet over the dimmed window, fixed head and foot, scrolling middle."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from upsdesk.ui import icons, theme
from upsdesk.ui.demo_band import DemoBand

PADDING = theme.GRID.dialog_padding
_EDGE = 16
"""The least distance between a dialog and the edge of its window."""
_SETTLED_MS = 30
"""Layouts need a few turns of the loop until a new part has its place."""
_JUMP = 120
"""A sheet that loses this much height goes back to the middle of its window."""


class Scrim(QWidget):
    """Dims a window while a dialog is open over it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(6, 10, 14, 150 if theme.current().dark else 105))
        radius = theme.GRID.radius_dialog if self.window().property("sheet") else 0
        painter.drawRoundedRect(self.rect(), radius, radius)
        painter.end()


class _Middle(QScrollArea):
    """The part that scrolls."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self._content = content
        self.setWidget(content)
        content.setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_scrolling(self, is_needed: bool) -> None:
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if is_needed else policy.ScrollBarAlwaysOff)

    def whole_height(self, width: int) -> int:
        """The height that shows everything. A `heightForWidth` would count as the least height as well."""
        return layout_height(self._content.layout(), width)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 40)


def _items(layout: QLayout) -> Iterator[QLayoutItem]:
    for at in range(layout.count()):
        item = layout.itemAt(at)
        if item is not None:
            yield item


def layout_height(layout: QLayout | None, width: int) -> int:
    """The height that a layout wants at a width, wrapped labels included."""
    if layout is None:
        return 0
    return (
        layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
    )


class DialogFrame(QDialog):
    """A window-modal sheet. Subclasses fill `fixed` (under the head), `middle` (scrolls) and `foot`.

    `title` and `subtitle` are sentences; `demo` puts the band on top. It is opened with `open()`, never
    executed: a nested loop would block the coroutines of the window.
    """

    def __init__(
        self, parent: QWidget | None, title: str, subtitle: str = "", *, demo: bool = False, width: int = 800
    ) -> None:
        super().__init__(parent)
        self._wanted_width = width
        self._scrim: Scrim | None = None
        self._dimmed: QWidget | None = None
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setProperty("sheet", True)
        self.setWindowTitle(title)
        self._refit = QTimer(self)
        self._refit.setSingleShot(True)
        self._refit.setInterval(0)
        self._refit.timeout.connect(self.fit)
        self._wanted_in_view: QWidget | None = None
        self._scroll = QTimer(self)
        self._scroll.setSingleShot(True)
        self._scroll.setInterval(_SETTLED_MS)
        self._scroll.timeout.connect(self._scroll_to_wanted)
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.is_demo = demo
        if demo:
            outer.addWidget(DemoBand(radius=theme.GRID.radius_dialog - 1))
        outer.addWidget(self._make_head(title, subtitle))
        self._fixed_box = QWidget()
        outer.addWidget(self._fixed_box)
        self.fixed = QVBoxLayout(self._fixed_box)
        self.fixed.setContentsMargins(0, 0, 0, 0)
        self.fixed.setSpacing(0)
        content = QWidget()
        self.middle = QVBoxLayout(content)
        self.middle.setContentsMargins(PADDING, 14, PADDING, 14)
        self.middle.setSpacing(8)
        self._area = _Middle(content)
        outer.addWidget(self._area, 1)
        content.installEventFilter(self)
        foot = QFrame()
        foot.setProperty("edge", "top")
        outer.addWidget(foot)
        self.foot = QVBoxLayout(foot)
        self.foot.setContentsMargins(PADDING, 13, PADDING, 14)
        self.foot.setSpacing(10)
        theme.notifier().changed.connect(self.update)

    def _make_head(self, title: str, subtitle: str) -> QWidget:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(PADDING, 14, 16, 11)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        self.title_label = _label(title, "title")
        self.subtitle_label = _label(subtitle, "small")
        self.subtitle_label.setVisible(bool(subtitle))
        texts.addWidget(self.title_label)
        texts.addWidget(self.subtitle_label)
        row.addLayout(texts, 1)
        self.close_button = QToolButton()
        icons.set_icon(self.close_button, "x")
        self.close_button.setAccessibleName("Close this dialog")
        self.close_button.setToolTip("Close (Esc)")
        # Reached by Esc; in the tab order it would stand between No and the confirm button.
        self.close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_button.clicked.connect(self.reject)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        head.setCursor(Qt.CursorShape.ArrowCursor)
        self._head = head
        return head

    def set_head(self, title: str, subtitle: str) -> None:
        """Another title and subtitle, for a dialog whose question was answered."""
        self.title_label.setText(title)
        self.subtitle_label.setText(subtitle)
        self.subtitle_label.setVisible(bool(subtitle))
        self.setWindowTitle(title)

    def room(self) -> QRect:
        """Where the dialog may be, in global coordinates: its window, else its screen."""
        parent = self.parentWidget()
        if parent is not None:
            window = parent.window()
            # A sheet over a sheet has the room of the window, not that of the lower one.
            while isinstance(window, DialogFrame) and (below := window.parentWidget()) is not None:
                window = below.window()
            return QRect(window.mapToGlobal(QPoint(0, 0)), window.size())
        screen = self.screen() or QGuiApplication.primaryScreen()
        return screen.availableGeometry()

    def fit(self) -> None:
        """Take the size that the content wants, as far as the window has room for it."""
        room = self.room()
        width = min(self._wanted_width, room.width() - 2 * _EDGE)
        self.about_to_fit(width)
        self._keep_whole(width - 2)
        wanted, most = self._wanted_height(width), room.height() - 2 * _EDGE
        height = max(160, min(wanted, most))
        # A bar that is there takes width, lines wrap for it, and then it is needed: it must go first.
        self._area.set_scrolling(wanted > most)
        shrinks = self.height() - height > _JUMP
        if self.size() != QSize(width, height):
            self.resize(width, height)
        top = max(_EDGE, (room.height() - height) // 2)
        place = QPoint(room.x() + (room.width() - width) // 2, room.y() + top)
        # A sheet that grows keeps its place as long as it fits: the buttons do not jump around the hand.
        if shrinks or not self.isVisible() or not room.contains(self.geometry()) or self.x() != place.x():
            self.move(place)

    def _wanted_height(self, width: int) -> int:
        """The height that shows everything. Asked part by part: layouts remember the middle's old height."""
        total, inner = 2, width - 2
        for item in _items(self._outer):
            if item.isEmpty():
                continue
            if item.widget() is self._area:
                total += self._area.whole_height(inner)
            elif item.widget() is self._fixed_box:
                total += self._fixed_box.minimumHeight()
            else:
                total += item.heightForWidth(inner) if item.hasHeightForWidth() else item.sizeHint().height()
        return total

    def _keep_whole(self, inner: int) -> None:
        """Only the middle gives way when room is short: what stands above it is never pressed together."""
        total = 0
        for item in _items(self.fixed):
            widget = item.widget()
            if widget is None:
                total += item.sizeHint().height()
            elif not widget.isHidden():
                height = layout_height(widget.layout(), inner)
                widget.setFixedHeight(height)
                total += height
        self._fixed_box.setFixedHeight(total)

    def hide_middle(self) -> None:
        """Leave only head, fixed part and foot."""
        if self._area.isVisibleTo(self):
            self._area.hide()
            self.fixed.addSpacing(16)
            self._refit.start()

    def about_to_fit(self, width: int) -> None:
        """Hook: the dialog is going to be `width` wide."""

    def show_in_middle(self, widget: QWidget) -> None:
        """Scroll the middle so that `widget` is in view."""
        self._area.ensureWidgetVisible(widget, 0, 24)
        self._wanted_in_view = widget
        self._scroll.start()  # what was just added gets its place only now

    def _scroll_to_wanted(self) -> None:
        widget, self._wanted_in_view = self._wanted_in_view, None
        if widget is not None and isValid(widget):
            self._area.ensureWidgetVisible(widget, 0, 24)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._refit.start()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._refit.start()
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        parent = self.parentWidget()
        if parent is not None and self._scrim is None:
            self._dimmed = parent.window()
            self._scrim = Scrim(self._dimmed)
            self._dimmed.installEventFilter(self)
        self.fit()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._clear_scrim()
        super().hideEvent(event)

    def _clear_scrim(self) -> None:
        if self._scrim is not None and self._dimmed is not None:
            self._dimmed.removeEventFilter(self)
            self._scrim.hide()
            self._scrim.deleteLater()
            self._scrim = self._dimmed = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(colours.surface)
        painter.setPen(QPen(colours.line_strong, 1))
        radius = theme.GRID.radius_dialog
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Without a title bar of the system the head is the handle; a patient's row may lie below the sheet.
        if event.button() == Qt.MouseButton.LeftButton and self._head.geometry().contains(
            event.position().toPoint()
        ):
            handle = self.windowHandle()
            if handle is not None:
                handle.startSystemMove()
        super().mousePressEvent(event)


def _label(text: str, kind: str) -> QLabel:
    label = QLabel(text)
    label.setProperty(kind, True)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
