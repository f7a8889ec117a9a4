"""Cyclic garbage is collected in the GUI thread only: a Qt object must not die in another one.

Python starts a collection in whatever thread allocates the next object, so a lane's worker could destroy a
closed dialog with its timers, which crashes. Reference counting stays as it is; only the collector moves.

It moves to where nobody waits, too. What is young is looked at often, so that there is little of it. Objects
that come in bulk are rows, in which there are no cycles: a look at them took 300 ms for 5,000 rows. They are
frozen, and looked at only when nothing has happened for a while.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from PySide6.QtCore import QObject, QTimer

_BUSY_MS, _IDLE_MS = 100, 500
_BULK = 20_000
"""Young objects, less those that have died; to look at them takes some milliseconds."""
_QUIET = 5.0
"""Seconds without many new objects, until everything may be looked at."""
_SHARE = 1000
"""Times as long as looking at everything took, until it is done again."""


class GuiThreadCollector(QObject):
    """Stands in for the automatic collector until `close`; made and closed in the GUI thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._was_enabled = gc.isenabled()
        self._clock = clock
        self._busy_at = clock()
        self._whole_at = clock()
        """Not before that time everything is looked at."""
        self._owes_whole = True
        self._middle = 0
        """Objects that may be in the second generation."""
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_IDLE_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> None:
        """Look at what is young, or at everything when nobody waits for it."""
        young, middle, _ = gc.get_count()
        least, looks, _ = gc.get_threshold()
        now = self._clock()
        if young <= least:
            if now - self._busy_at >= _QUIET:
                self._timer.setInterval(_IDLE_MS)
                self._collect_whole(now)
            return
        self._busy_at = now
        self._timer.setInterval(_BUSY_MS)
        self._owes_whole = True
        self._middle += young
        if self._middle > _BULK:
            gc.freeze()
            self._middle = 0
        elif middle > looks:
            gc.collect(1)
            self._middle = 0
        else:
            gc.collect(0)

    def _collect_whole(self, now: float) -> None:
        if not self._owes_whole or now < self._whole_at:
            return
        self._owes_whole = False
        self._middle = 0
        gc.unfreeze()
        gc.collect()
        ended = self._clock()
        self._whole_at = ended + _SHARE * (ended - now)

    def close(self) -> None:
        """Collect what is left here, then let Python collect by itself again."""
        self._timer.stop()
        gc.unfreeze()
        gc.collect()
        if self._was_enabled:
            gc.enable()


@contextmanager
def gui_thread_collects() -> Iterator[None]:
    """Within it no other thread collects."""
    collector = GuiThreadCollector()
    try:
        yield
    finally:
        collector.close()
