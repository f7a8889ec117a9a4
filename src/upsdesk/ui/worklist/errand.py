"""Work on all rows that a person waits for: done in pieces, so that the table answers meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from upsdesk.ui.worklist.ordering import KeyOf
from upsdesk.ui.worklist.row import Row

FEW = 256
"""So many rows are worked on at once, however long that takes."""
PIECE = 0.008
"""Seconds."""
_STEP = 32

Steps = Iterator[float]
"""Does a little with each step, and tells which share of all is done, from 0 to 1."""


class Errand(QObject):
    """Runs the steps of one wish, then what it is for. Another wish takes its place."""

    changed = Signal()
    """It has begun, got on or ended."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = perf_counter,
        piece: float = PIECE,
        pause_ms: int = 0,
    ) -> None:
        """`clock` counts seconds, in which a `piece` is measured too."""
        super().__init__(parent)
        self._piece = piece
        self._pause_ms = pause_ms
        self.clock = clock
        self._steps: Steps | None = None
        self._done: Callable[[], object] = _nothing
        self._is_ready = False
        """All steps are done."""
        self.words = ""
        """What is being done, as the beginning of a sentence; empty when nothing is, or nobody asked."""
        self.share = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    @property
    def is_under_way(self) -> bool:
        return self._steps is not None

    def begin(self, words: str, steps: Steps, done: Callable[[], object]) -> None:
        """Do a first piece now; `done` is called at once when that was all."""
        self._steps, self._done = steps, done
        self.words, self.share, self._is_ready = words, 0.0, False
        if self._work():
            self._end()()
        else:
            self._timer.start(self._pause_ms)
            self.changed.emit()

    def stop(self) -> bool:
        """Give it up; whether there was anything."""
        was_under_way = self.is_under_way
        self._end()
        if was_under_way:
            self.changed.emit()
        return was_under_way

    def _end(self) -> Callable[[], object]:
        self._timer.stop()
        self._steps, self.words, self._is_ready = None, "", False
        done, self._done = self._done, _nothing
        return done

    def _work(self) -> bool:
        """One piece; whether that was the last one."""
        assert self._steps is not None
        until = self.clock() + self._piece
        for share in self._steps:
            self.share = share
            if self.clock() >= until:
                return False
        return True

    def _go_on(self) -> None:
        if self._is_ready:  # in a turn of its own: all rows move
            done = self._end()
            self.changed.emit()
            done()
        else:
            self._is_ready = self._work()
            self._timer.start(self._pause_ms)
            self.changed.emit()


def ready(keys: Iterable[KeyOf], rows: list[Row]) -> Steps:
    """Work out these values of rows, a few between one step and the next."""
    keys = tuple(keys)
    for start in range(0, len(rows) if keys else 0, _STEP):
        if start:
            yield start / len(rows)
        for row in rows[start : start + _STEP]:
            for key_of in keys:
                key_of(row)


def _nothing() -> None:
    """Nobody waits."""
