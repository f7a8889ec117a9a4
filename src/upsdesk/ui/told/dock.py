"""Puts the panel "Who would be told" below the details, in the demo only."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from upsdesk.domain.keys import PeerId
from upsdesk.services.desk import Desk
from upsdesk.ui.docks import make_dock
from upsdesk.ui.main_window import MainWindow
from upsdesk.ui.told.panel import ToldPanel

NAME = "told"


def add_told_panel(window: MainWindow, desk: Desk, store: Path, server: PeerId) -> QDockWidget:
    """A panel of `window` that reads the demo server's store; the menu shows and hides it."""
    panel = ToldPanel(store, server, desk.zone)
    area = Qt.DockWidgetArea.RightDockWidgetArea
    dock = make_dock(window, NAME, "Who would be told", panel, area, panel.tools)
    window.panels.add_below_details(dock)
    menu, after = window.top_bar.menu, window.panels.activity.toggleViewAction()
    entries = menu.actions()
    menu.insertAction(entries[entries.index(after) + 1], dock.toggleViewAction())
    window.worklist.current_changed.connect(panel.set_key)
    panel.set_key(window.worklist.current_key())
    return dock
