"""Work on many rows that can wait, done in slices so short that nobody at the table notices."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer

from upsdesk.ui.worklist.row import Row

_PAUSE_MS = 8
_SLICE = 0.004
_STEP = 32


class Slices(QObject):
    """Calls `work` with a few rows at a time, in the order in which they were added."""

    def __init__(self, work: Callable[[list[Row]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._rows: list[Row] = []
        self._done = 0
        self._is_held = False
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._go_on)

    def add(self, rows: list[Row]) -> None:
        if rows:
            self._rows += rows
            if not self._is_held:
                self._timer.start()

    def hold(self, held: bool) -> None:
        """Do nothing for a while: what is more urgent has the time."""
        self._is_held = held
        if held:
            self._timer.stop()
        elif self._rows:
            self._timer.start()

    def clear(self) -> None:
        self._timer.stop()
        self._rows = []
        self._done = 0

    def _go_on(self) -> None:
        until = perf_counter() + _SLICE
        while self._done < len(self._rows) and perf_counter() < until:
            part = self._rows[self._done : self._done + _STEP]
            self._done += len(part)
            self._work(part)
        if self._done >= len(self._rows):
            self.clear()
