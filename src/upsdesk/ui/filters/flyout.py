"""The sidebar where there is no room for it: a button in the filter bar, and a sheet that drops from it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from upsdesk.ui import theme
from upsdesk.ui.filters.bar_menus import MenuButton
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.sidebar import Sidebar
from upsdesk.ui.tips import plain_tip

_HIGHEST = 640
_WIDTH = 220


class Flyout(QFrame):
    """A sidebar over the table; a press outside it and Esc close it."""

    def __init__(self, sidebar: Sidebar, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("flyout", True)
        self.setAccessibleName("Filters")
        self.sidebar = sidebar
        sidebar.setFixedWidth(_WIDTH)
        sidebar.setProperty("edge", "")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)  # the border of the style sheet is left free
        column.addWidget(sidebar)
        sidebar.list.row_chosen.connect(self.close)

    def open_at(self, corner: QPoint, room: int) -> None:
        """Drop from `corner`, at most `room` pixels high, with the focus on the filter in force."""
        wanted = self.sidebar.whole_height() + 2
        self.setFixedSize(_WIDTH + 2, min(wanted, room, _HIGHEST))
        self.move(corner)
        self.show()
        row = next((row for row in self.sidebar.list.rows if row.isChecked()), None)
        if row is not None:
            row.setFocus(Qt.FocusReason.PopupFocusReason)


class FlyoutButton(MenuButton):
    """Tells the filter in force; opens the flyout, which is made when it is first opened."""

    def __init__(self, keeper: FilterKeeper, make_sidebar: Callable[[], Sidebar]) -> None:
        super().__init__("Filters", self._open, "filter")
        self._keeper = keeper
        self._make_sidebar = make_sidebar
        self.flyout: Flyout | None = None
        keeper.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        is_changed = self._keeper.is_changed
        name = self._keeper.current.name
        self.tell(f"{name} ●" if is_changed else name, in_use=is_changed)
        self.setAccessibleName(f"Filters: {name}{', changed' if is_changed else ''}")
        self.setToolTip(plain_tip(f"Filters: {name}{', changed' if is_changed else ''}"))

    def _open(self, corner: QPoint) -> None:
        if self.flyout is None:
            self.flyout = Flyout(self._make_sidebar(), self)
        window = self.window()
        bottom = window.mapToGlobal(QPoint(0, window.height())).y()
        self.flyout.open_at(corner, max(bottom - corner.y() - theme.GRID.status_bar, 200))

    def close_flyout(self) -> None:
        if self.flyout is not None:
            self.flyout.close()
