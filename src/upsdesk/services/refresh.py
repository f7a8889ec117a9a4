"""When the worklist is read again by itself: at intervals, when asked for, or not while it is paused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from upsdesk.services.callbacks import Callbacks
from upsdesk.services.settings import DEFAULT_REFRESH


class RefreshPace:
    """The interval of the reconciles of all peers, and whether they are paused; used on the loop's thread."""

    def __init__(self, seconds: float = DEFAULT_REFRESH) -> None:
        self._seconds = seconds
        self._is_paused = False
        self._changed = asyncio.Event()
        self._callbacks: Callbacks[[]] = Callbacks()

    @property
    def seconds(self) -> float:
        return self._seconds

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    def set_seconds(self, seconds: float) -> None:
        """Another interval, counted from the last reading."""
        self._seconds = seconds
        self._tell()

    def set_paused(self, paused: bool) -> None:
        """Read no more by itself; updates that the peer sends still come in."""
        self._is_paused = paused
        self._tell()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of every change; the result ends that."""
        return self._callbacks.add(callback)

    def _tell(self) -> None:
        self._changed.set()
        self._callbacks.tell()

    async def wait(self, asked: asyncio.Event) -> None:
        """Until it is time to read again, or `asked` is set."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not asked.is_set():
            self._changed.clear()
            left = None if self._is_paused else began + self._seconds - loop.time()
            if left is not None and left <= 0:
                return
            waiting = [loop.create_task(event.wait()) for event in (asked, self._changed)]
            try:
                await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
