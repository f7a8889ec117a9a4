"""Tells a bar code scanner from a person: a burst of keys that ends in Return."""

from __future__ import annotations

import time
from collections.abc import Callable

from upsdesk.ui.key_guard import BURST_MS

_LEAST = 4
"""Characters: shorter codes name no patient, and a person may strike three keys at once."""


class ScanWatch:
    """Sees every key of a field.

    What counts is the time between two keys, not the time that the list takes to follow the first: by the
    system's stamps where it gives them, else from the end of one key's work to the next key.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock = clock
        self._stamp = 0
        self._ended_at = float("-inf")
        self._typed = ""

    def key(self, text: str, stamp: int) -> None:
        """A key was pressed that writes `text`; empty for one that writes nothing, which ends a burst.

        `stamp` in milliseconds; 0: the system gives none.
        """
        goes_on = self._goes_on(stamp)
        self._stamp = stamp
        self._typed = (self._typed if goes_on else "") + text if text else ""

    def worked(self) -> None:
        """What the key does has been done."""
        self._ended_at = self._clock()

    def ended(self, stamp: int) -> str:
        """Return was pressed: the code when a scanner pressed it, else empty."""
        code, self._typed = self._typed.strip() if self._goes_on(stamp) else "", ""
        return code if len(code) >= _LEAST else ""

    def _goes_on(self, stamp: int) -> bool:
        if stamp and self._stamp:
            return stamp - self._stamp < BURST_MS
        return (self._clock() - self._ended_at) * 1000 < BURST_MS
