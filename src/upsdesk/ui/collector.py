"""Cyclic garbage is collected in the GUI thread only: a Qt object must not die in another one.

Python starts a collection in whatever thread allocates the next object, so a lane's worker could destroy a
closed dialog with its timers, which crashes. Reference counting stays as it is; only the collector moves.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 500


class GuiThreadCollector(QObject):
    """Stands in for the automatic collector until `close`; made and closed in the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> None:
        """Collect the oldest generation whose threshold is passed, as the automatic collector would."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if threshold and count > threshold
        ]
        if due:
            gc.collect(due[-1])

    def close(self) -> None:
        """Collect what is left here, then let Python collect by itself again."""
        self._timer.stop()
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
