"""Tells a bar code scanner from a person: a burst of keys that ends in Return."""

from __future__ import annotations

import time
from collections.abc import Callable

from upsdesk.ui.key_guard import BURST_MS

_LEAST = 4
"""Characters: shorter codes name no patient, and a person may strike three keys at once."""


class ScanWatch:
    """Sees every key of a field. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = float("-inf")
        self._typed = ""

    def key(self, text: str) -> None:
        """A key was pressed that writes `text`; empty for one that writes nothing, which ends a burst."""
        now = self._clock()
        goes_on = (now - self._last) * 1000 < BURST_MS
        self._last = now
        self._typed = (self._typed if goes_on else "") + text if text else ""

    def ended(self) -> str:
        """Return was pressed: the code when a scanner pressed it, else empty."""
        is_burst = (self._clock() - self._last) * 1000 < BURST_MS
        code, self._typed = self._typed.strip(), ""
        return code if is_burst and len(code) >= _LEAST else ""
