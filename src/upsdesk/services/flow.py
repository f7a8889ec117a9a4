"""Decides when a thread that receives rows lets the loop in: after every handful that it hands over.

Both need the interpreter, of which there is one. A thread that never waits gives it away every 5 ms only, and
what is painted in between asks for it hundreds of times: a picture would take a second. Waiting costs little
as long as more comes than the two can take in: the network goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK = 0.05
"""Seconds between two looks at whether anybody still waits."""
_PATIENCE = 1.0
"""Seconds that the loop gets; it is held up by something else then, and what comes is kept for it."""


class Flow:
    """Between one thread, which calls `giving` and `gave`, and the loop, which calls `took`."""

    def __init__(self, stop: threading.Event, clock: Callable[[], float] = time.perf_counter) -> None:
        """`stop`: nobody waits for what is received any more."""
        self._stop = stop
        self._clock = clock
        self._taken = threading.Event()

    def giving(self) -> None:
        """Something is about to be handed to the loop."""
        self._taken.clear()

    def gave(self) -> None:
        """It has been; wait for it to be taken."""
        until = self._clock() + _PATIENCE
        while not self._taken.wait(_LOOK) and not self._stop.is_set() and self._clock() < until:
            pass

    def took(self) -> None:
        self._taken.set()
