"""When what is loaded and shown is counted; many rows a few at a time, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Signal

from upsdesk.ui import timers
from upsdesk.ui.worklist.errand import Errand, Steps
from upsdesk.ui.worklist.facets import Tally
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.slices import SLICE

PART = 2_000
"""Rows that are counted at once: 2 ms."""
_PAUSE_MS = 4
_SOON_MS = 60
_FIRST_MS = 200
_LOADING_MS = 1_000
"""After the first rows of a search that fills the table, and from then to its end."""
_COUNTED_AT_ONCE = 5_000


class Counting(QObject):
    """One count at a time, with a pause after it that is as long as it took."""

    counted = Signal(object)
    """The Facets, when all rows have been counted: at once, where they are few."""

    def __init__(
        self,
        model: WorklistModel,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """`clock` counts seconds."""
        super().__init__(parent)
        self._model = model
        self._clock = clock
        self._errand = Errand(self, clock=clock, piece=SLICE, pause_ms=_PAUSE_MS)
        self._is_old = False
        """Rows have changed since the count under way began."""
        self._timer = timers.single(self, _SOON_MS, self.now)
        model.loading_changed.connect(self._loading_changed)
        model.counts_changed.connect(self.soon)

    @property
    def is_settled(self) -> bool:
        """What was counted last is so still."""
        return not (self._timer.isActive() or self._errand.is_under_way)

    def now(self) -> None:
        """Begin a count; one that is under way is given up."""
        self._timer.stop()
        self._is_old = False
        began, tally = self._clock(), Tally(self._model.matcher())
        self._errand.begin("", _steps(tally, self._model.listed()), lambda: self._tell(tally, began))

    def soon(self) -> None:
        """Rows have changed: a count that is under way is followed by another."""
        self._is_old = self._errand.is_under_way
        if self.is_settled:
            self._timer.start()

    def by_other_criteria(self) -> None:
        """At once, where that is quick; else the next key in the filter shall not wait for it."""
        if self._model.loaded <= _COUNTED_AT_ONCE:
            self.now()
        else:
            self._errand.stop()
            self.soon()

    def stop(self) -> None:
        self._timer.stop()
        self._errand.stop()

    def _tell(self, tally: Tally, began: float) -> None:
        least = _LOADING_MS if self._model.is_loading else _SOON_MS
        self._timer.setInterval(max(least, round(1000 * (self._clock() - began))))
        if self._is_old:
            self._timer.start()
        self.counted.emit(tally.facets(self._model.rowCount()))

    def _loading_changed(self, loading: bool) -> None:
        self._timer.setInterval(_FIRST_MS if loading else _SOON_MS)
        if not loading:
            self._timer.start()  # when the rows are painted


def _steps(tally: Tally, rows: list[Row]) -> Steps:
    for start in range(0, len(rows), PART):
        if start:
            yield start / len(rows)
        tally.add([row for row in rows[start : start + PART] if not row.is_gone])
