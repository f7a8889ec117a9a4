"""How many rows a search may bring: the menu, and what is kept of the choice."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from upsdesk.services.settings import Settings
from upsdesk.ui import icons, presenter

_CHOICES = (1_000, 5_000, 20_000, 100_000)


class LimitMenu(QMenu):
    """Limits, and one entry for a kept limit that is none of them."""

    chosen = Signal()
    """It is another one now."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__("At most so many rows", parent)
        self._settings = settings
        icons.set_icon(self.menuAction(), "list-end")
        group = QActionGroup(self)
        kept = settings.desk.search_limit
        for limit in (None, *sorted({*_CHOICES, kept or _CHOICES[0]})):
            action = self.addAction("No limit" if limit is None else presenter.count_words(limit, "row"))
            action.setCheckable(True)
            action.setChecked(limit == kept)
            action.triggered.connect(lambda _checked=False, wanted=limit: self._choose(wanted))
            group.addAction(action)

    def _choose(self, limit: int | None) -> None:
        if limit != self._settings.desk.search_limit:
            self._settings.save_desk(replace(self._settings.desk, search_limit=limit))
            self.chosen.emit()
