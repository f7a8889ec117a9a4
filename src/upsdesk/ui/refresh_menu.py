"""How often the list is searched by itself: the menu, and what is kept of the choice."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.services.desk import Desk
from upsdesk.services.settings import DEFAULT_REFRESH
from upsdesk.ui import icons

_CHOICES = (15.0, 30.0, DEFAULT_REFRESH, 120.0, 300.0)


class RefreshMenu(QMenu):
    """Intervals, and one entry for a kept interval that is none of them."""

    def __init__(self, desk: Desk, pause: QAction, parent: QWidget | None = None) -> None:
        super().__init__("Search by itself", parent)
        self._desk = desk
        icons.set_icon(self.menuAction(), "refresh-cw")
        group = QActionGroup(self)
        for seconds in sorted({*_CHOICES, desk.refresh.seconds}):
            action = self.addAction(f"Every {_words(seconds)}")
            action.setCheckable(True)
            action.setChecked(seconds == desk.refresh.seconds)
            action.triggered.connect(lambda _checked=False, wanted=seconds: self._choose(wanted))
            group.addAction(action)
        self.addSeparator()
        self.addAction(pause)

    def _choose(self, seconds: float) -> None:
        desk = self._desk
        desk.refresh.set_seconds(seconds)
        desk.refresh.set_paused(False)
        desk.settings.save_desk(replace(desk.settings.desk, refresh_seconds=seconds))


def _words(seconds: float) -> str:
    if seconds >= 60 and seconds % 60 == 0:
        return "minute" if seconds == 60 else f"{seconds / 60:g} minutes"
    return f"{seconds:g} seconds"
