"""The filters of one window: composes keeper, sidebar, flyout and keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDockWidget, QWidget

from upsdesk.domain.peer import Peer
from upsdesk.services.desk import Desk
from upsdesk.services.saved_filters import SavedFilters
from upsdesk.ui.filters.editing import FilterEditing
from upsdesk.ui.filters.filter_row import KEYS, key_of
from upsdesk.ui.filters.flyout import FlyoutButton
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.query.controller import QueryController
from upsdesk.ui.sidebar import Sidebar
from upsdesk.ui.worklist.panel import WorklistPanel


class WindowFilters:
    """`keeper` and `sidebar` are for the window; the rest works by itself."""

    def __init__(
        self, window: QWidget, desk: Desk, worklist: WorklistPanel, is_demo: Callable[[], bool]
    ) -> None:
        self._desk = desk
        self._worklist = worklist
        self.keeper = FilterKeeper(SavedFilters(desk.folder), worklist, window)
        self.editing = FilterEditing(window, self.keeper, is_demo, desk)
        self.sidebar = self._make_sidebar()
        self.button = FlyoutButton(self.keeper, self._make_sidebar)
        worklist.bar.add_menu(self.button)
        worklist.bar.span.hours_wanted.connect(self.editing.ask_hours)
        worklist.bar.span.period_wanted.connect(self.editing.ask_period)
        self.editing.asks.connect(self.button.close_flyout)
        for number in range(1, KEYS + 1):
            shortcut = QShortcut(QKeySequence(key_of(number)), window)
            shortcut.activated.connect(partial(self._choose, number))

    def _make_sidebar(self) -> Sidebar:
        return Sidebar(self.keeper, self._worklist, self.editing, lambda: self._desk.own_station)

    def follow(self, dock: QDockWidget) -> None:
        """The button stands in the bar while this dock, which holds the sidebar, is hidden."""
        dock.visibilityChanged.connect(lambda _visible: self._show_button(dock))
        self._show_button(dock)

    def _show_button(self, dock: QDockWidget) -> None:
        if self.button.isHidden() is dock.isHidden():
            self.button.setVisible(dock.isHidden())
            self._worklist.bar.fit()

    def _choose(self, number: int) -> None:
        if self._worklist.isVisible():
            self.keeper.choose_number(number)

    def ask_by(self, queries: QueryController) -> None:
        """What a saved filter sends goes by way of this one."""
        self.keeper.set_sender(queries)
        queries.sent_changed.connect(self.keeper.sent_changed)

    def set_peer(self, peer: Peer | None) -> None:
        self.sidebar.setEnabled(peer is not None)
        self.keeper.set_peer(peer.id if peer is not None else None)

    def stop(self) -> None:
        self.button.close_flyout()
        self.keeper.stop()
