"""What a person has asked of more rows than can be looked at in a moment, and how far that is."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Signal

from upsdesk.ui.worklist.errand import Errand


class Wishes(QObject):
    """A sorting, a filter and rows that came: each is made ready beside the others, then done."""

    changed = Signal()
    """Something was begun, got on or ended."""

    def __init__(self, parent: QObject | None = None, *, seconds: Callable[[], float] = perf_counter) -> None:
        super().__init__(parent)
        self.filter, self.sorting, self.coming = (Errand(self, clock=seconds) for _ in range(3))
        for one in self._all:
            one.changed.connect(self.changed)

    @property
    def _all(self) -> tuple[Errand, ...]:
        return self.filter, self.sorting, self.coming

    def set_clock(self, seconds: Callable[[], float]) -> None:
        """By which pieces end."""
        for one in self._all:
            one.clock = seconds

    @property
    def words(self) -> str:
        """What is under way; empty when nothing is."""
        return next((one.words for one in self._all if one.is_under_way), "")

    @property
    def share(self) -> float:
        """How much of that is done, from 0 to 1."""
        return next((one.share for one in self._all if one.is_under_way), 0.0)

    def stop(self) -> None:
        """Give everything up."""
        for one in self._all:
            one.stop()
