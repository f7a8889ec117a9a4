"""The panels around the table: titles of their own, and which give way when the window is small."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from upsdesk.ui import icons, theme
from upsdesk.ui.activity.panel import ActivityPanel

# Logical sizes below which a panel gives way: 1366 x 768 keeps all but the filters, 960 x 540 only details.
_NARROW = 1400
_LOW = 640
_TALL = 860
"""Below it the details need their whole column."""
_ACTIVITY_HEIGHT = 150


class _Title(QFrame):
    """A dock's head: its name, and buttons to float and to close it."""

    def __init__(self, dock: QDockWidget, tools: QWidget | None) -> None:
        super().__init__(dock)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "bottom")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID.panel_padding, 0, 6, 0)
        row.setSpacing(0)
        name = QLabel(dock.windowTitle())
        name.setProperty("small", True)
        name.setProperty("strong", True)
        row.addWidget(name)
        if tools is not None:
            row.addSpacing(theme.GRID.gap)
            row.addWidget(tools, 1)
            tools.show()
        else:
            row.addStretch(1)
        for icon, words, act in (
            ("square-arrow-out-up-right", "Float or dock", lambda: dock.setFloating(not dock.isFloating())),
            ("x", "Close", dock.close),
        ):
            button = QToolButton()
            icons.set_icon(button, icon, None, theme.GRID.icon_row)
            button.setAccessibleName(f"{words} {dock.windowTitle()}")
            button.setToolTip(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(act)
            row.addWidget(button)
        self.setFixedHeight(32)


def make_dock(
    window: QMainWindow,
    name: str,
    title: str,
    widget: QWidget,
    area: Qt.DockWidgetArea,
    tools: QWidget | None = None,
) -> QDockWidget:
    """A panel that can be moved, floated, closed and brought back; its place is kept under `name`.

    `tools` stand in its head.
    """
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(widget)
    dock.setTitleBarWidget(_Title(dock, tools))
    window.addDockWidget(area, dock)
    dock.show()  # in a window that is on the screen already, it does not come by itself
    return dock


class Panels:
    """The three panels of a window. Those that have no room give way and come back by themselves."""

    def __init__(
        self, window: QMainWindow, filters: QWidget, details: QWidget, activity: ActivityPanel
    ) -> None:
        self._window = window
        area = Qt.DockWidgetArea
        self.filters = make_dock(window, "filters", "Filters", filters, area.LeftDockWidgetArea)
        self.details = make_dock(window, "details", "Details", details, area.RightDockWidgetArea)
        self.activity = make_dock(
            window, "activity", "Activity", activity, area.BottomDockWidgetArea, activity.tools
        )
        self.all: tuple[QDockWidget, ...] = (self.filters, self.details, self.activity)
        window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self._have_sizes = True
        self._limits: tuple[tuple[QDockWidget, int, int], ...] = (
            (self.filters, _NARROW, 0),
            (self.activity, 0, _LOW),
        )
        self._had_room = {dock: True for dock, _, _ in self._limits}
        self._gave_way: set[QDockWidget] = set()
        self._put_away: set[QDockWidget] = set()

    def begin(self) -> None:
        """Take the first sizes, when none were kept; panels that are away take them when they come."""
        self._have_sizes = False
        self._take_sizes_soon()

    def _take_sizes_soon(self) -> None:
        # A window that is on the screen gives new docks any size with its next layout.
        QTimer.singleShot(0, self.activity, self._take_sizes)

    def _take_sizes(self) -> None:
        if self._have_sizes or self._put_away:
            return
        self._have_sizes = True
        widths = [theme.GRID.sidebar, theme.GRID.details]
        self._window.resizeDocks([self.filters, self.details], widths, Qt.Orientation.Horizontal)
        self._window.resizeDocks([self.activity], [_ACTIVITY_HEIGHT], Qt.Orientation.Vertical)

    def add_below_details(self, dock: QDockWidget) -> None:
        """One more panel, as high as the activity; it is the first to give way."""
        self._window.splitDockWidget(self.details, dock, Qt.Orientation.Vertical)
        self.all = (*self.all, dock)
        self._limits = (*self._limits, (dock, 0, _TALL))
        self._had_room[dock] = True
        self.fit()

        def share_the_height() -> None:
            heights = [self._window.height(), _ACTIVITY_HEIGHT]
            self._window.resizeDocks([self.details, dock], heights, Qt.Orientation.Vertical)

        # Later: a window that is on the screen gives a new dock half of the column with its next layout.
        QTimer.singleShot(0, dock, share_the_height)

    def put_away(self) -> None:
        """Hide all, for a page that wants the whole window; `bring_back` shows those that were open."""
        if not self._put_away:
            self._put_away = {dock for dock in self.all if not dock.isHidden()}
        for dock in self.all:
            dock.hide()

    def bring_back(self) -> None:
        for dock in self._put_away:
            dock.show()
        self._put_away = set()
        self.fit()
        self._take_sizes_soon()

    def show_wanted(self) -> None:
        """Show all that the person left open, whatever hides it now: so it is kept for the next start."""
        for dock in self._put_away | self._gave_way:
            dock.show()

    def fit(self) -> None:
        """Hide what has no room any more, and show again what was hidden for that reason only.

        What the person opens in a small window stays.
        """
        for dock, least_width, least_height in self._limits:
            has_room = self._window.width() >= least_width and self._window.height() >= least_height
            had_room, self._had_room[dock] = self._had_room[dock], has_room
            if had_room and not has_room and not dock.isHidden() and not dock.isFloating():
                dock.hide()
                self._gave_way.add(dock)
            elif has_room and dock in self._gave_way:
                self._gave_way.discard(dock)
                dock.show()
