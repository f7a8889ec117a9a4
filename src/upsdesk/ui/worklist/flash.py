"""Which cells have just changed, and how strongly they are tinted (look.md, Motion)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QStyle

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui.worklist.columns import AnyColumn

FADE = 1.2
STILL = 2.0
"""Seconds of tint without a fade, where motion is to be reduced."""
_HOLD = 0.25
_FRAME_MS = 40


def motion_is_reduced() -> bool:
    """The desktop asks for no animation; Qt tells it as a duration of 0."""
    app = QApplication.instance()
    hint = QStyle.StyleHint.SH_Widget_Animation_Duration
    return isinstance(app, QApplication) and app.style().styleHint(hint) == 0


class Flashes(QObject):
    """Changed cells by key. `clock` counts seconds."""

    stepped = Signal(object, object)
    """Sets of keys: whose lit cells have become fainter, and whose rows are as usual again."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        is_still: Callable[[], bool] = motion_is_reduced,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._is_still = is_still
        self._still = is_still()
        self._started: dict[WorkitemKey, tuple[float, frozenset[AnyColumn]]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self.step)

    @property
    def count(self) -> int:
        """How many rows are lit, or have been until the last step."""
        return len(self._started)

    def add(self, key: WorkitemKey, columns: Iterable[AnyColumn]) -> frozenset[AnyColumn] | None:
        """Flash these cells; cells that are still fading start again together with them.

        Returns the cells that look different now; None: the whole row, which was not lit.
        """
        known = self._started.get(key)
        now = self._clock()
        if not self._timer.isActive():
            self._still = self._is_still()
            self._timer.start()
        if known is None or self._left(known[0], now) <= 0:
            self._started[key] = (now, frozenset(columns))
            return None
        new = frozenset(columns)
        both = known[1] if new <= known[1] else known[1] | new
        self._started[key] = (now, both)
        return new if self._left(known[0], now) >= 1.0 else both

    def columns(self, key: WorkitemKey) -> frozenset[AnyColumn]:
        """The cells of a row that flash; empty when the row does not."""
        known = self._started.get(key)
        return known[1] if known is not None else frozenset()

    def strength(self, key: WorkitemKey) -> float:
        """1.0 at first, then falling to 0.0."""
        known = self._started.get(key)
        return self._left(known[0], self._clock()) if known is not None else 0.0

    def _left(self, started: float, now: float) -> float:
        age = now - started
        if self._still:
            return 1.0 if age < STILL else 0.0
        return max(0.0, min(1.0, 1.0 - (age - _HOLD) / (FADE - _HOLD)))

    def step(self) -> None:
        """Drop what has faded and ask for the rest to be drawn."""
        self._still = self._is_still()
        span, now = STILL if self._still else FADE, self._clock()
        ended = {key for key, (started, _) in self._started.items() if now - started >= span}
        for key in ended:
            del self._started[key]
        fading: set[WorkitemKey] = set()
        if not self._still:
            lit = self._started.items()
            fading = {key for key, (started, columns) in lit if columns and now - started > _HOLD}
        if not self._started:
            self._timer.stop()
        if ended or fading:
            self.stepped.emit(fading, ended)

    def clear(self) -> None:
        self._started.clear()
        self._timer.stop()
