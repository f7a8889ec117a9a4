"""Work on many rows that can wait, done in slices so short that nobody at the table notices."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer

from upsdesk.ui.worklist.row import Row

SLICE = 0.004
"""Seconds."""
_PAUSE = 0.008
_BUSY_PAUSE = 0.040
_LATE = 0.004
"""A timer that comes so many seconds late tells that the loop has other work: reports, or a hand."""
_STEP = 8


class Turns:
    """One after the other: of those who work in slices only one has the loop at a time, none has it long."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def wait(self, due: float, now: float) -> float:
        """Seconds until a slice may begin that was due; 0: it has the turn."""
        if now < self._free_at:
            return self._free_at - now
        self._free_at = now + SLICE + (_BUSY_PAUSE if now - due > _LATE else _PAUSE)
        return 0.0


TURNS = Turns()
"""Of the one loop that a program has."""


class SliceTimer(QObject):
    """Calls `work` when it has the turn, as long as `work` says that there is more."""

    def __init__(self, work: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def start(self, seconds: float = _PAUSE) -> None:
        """Begin after a while, unless it has begun."""
        if not self._timer.isActive():
            self._due = perf_counter() + seconds
            self._timer.start(round(1000 * seconds))

    def stop(self) -> None:
        self._timer.stop()

    def _go_on(self) -> None:
        wait = TURNS.wait(self._due, perf_counter())
        if wait > 0:
            self.start(wait + 0.001)
        elif self._work():
            self.start()


class Slices(QObject):
    """Calls `work` with a few rows at a time, in the order in which they were added."""

    def __init__(self, work: Callable[[list[Row]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._rows: list[Row] = []
        self._done = 0
        self._is_held = False
        self._timer = SliceTimer(self._go_on, self)

    def add(self, rows: list[Row]) -> None:
        if rows:
            self._rows += rows
            if not self._is_held:
                self._timer.start()

    @property
    def left(self) -> list[Row]:
        """What is still to be done; not to be changed by the caller."""
        if self._done:
            del self._rows[: self._done]
            self._done = 0
        return self._rows

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

    def _go_on(self) -> bool:
        until = perf_counter() + SLICE
        while self._done < len(self._rows) and perf_counter() < until:
            part = self._rows[self._done : self._done + _STEP]
            self._done += len(part)
            self._work(part)
        if self._done >= len(self._rows):
            self.clear()
        return bool(self._rows)
