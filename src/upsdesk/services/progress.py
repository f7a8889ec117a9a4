"""Which workitems are asked for their progress, and when: those in sight, one at a time.

Progress is no attribute of a C-FIND (PS3.4 Table CC.2.5-3): it comes by report, or by an N-GET of what is in
progress. A long list has more of those than anybody looks at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import PeerId, WorkitemKey


class ProgressReader:
    """Reads each workitem in sight once after every search. Used on the loop's thread."""

    def __init__(
        self,
        read: Callable[[WorkitemKey], Awaitable[object]],
        is_in_progress: Callable[[WorkitemKey], bool],
        is_searching: Callable[[PeerId], bool],
    ) -> None:
        """`read` asks the peer for one workitem; it raises NoAnswer when none comes."""
        self._read = read
        self._is_in_progress = is_in_progress
        self._is_searching = is_searching
        self._in_sight: tuple[WorkitemKey, ...] = ()
        self._asked: set[WorkitemKey] = set()
        self._silent: set[PeerId] = set()
        """Did not answer the last time; the next search that is answered asks again."""
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def show(self, keys: Sequence[WorkitemKey]) -> None:
        """These are in sight now; what has left it is not asked for any more."""
        self._in_sight = tuple(keys)
        self._go_on()

    def again(self, peer: PeerId) -> None:
        """A search has ended: what was read before may be old."""
        self._asked = {key for key in self._asked if key.peer != peer}
        self._silent.discard(peer)
        self._go_on()

    def forget(self, peer: PeerId) -> None:
        """The peer is not watched any more."""
        self._in_sight = tuple(key for key in self._in_sight if key.peer != peer)
        self._asked = {key for key in self._asked if key.peer != peer}

    def close(self) -> None:
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()

    def _go_on(self) -> None:
        if self._task is None and not self._is_closed and self._next() is not None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="read progress")
            self._task.add_done_callback(self._ended)

    def _next(self) -> WorkitemKey | None:
        return next((key for key in self._in_sight if self._is_due(key)), None)

    def _is_due(self, key: WorkitemKey) -> bool:
        return (
            key not in self._asked
            and key.peer not in self._silent
            and self._is_in_progress(key)
            and not self._is_searching(key.peer)
        )

    async def _run(self) -> None:
        while (key := self._next()) is not None:
            self._asked.add(key)
            try:
                await self._read(key)
            except NoAnswer:
                self._silent.add(key.peer)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            return
        fault = task.exception()
        if fault is None:
            self._go_on()  # something may have come into sight since the last look
            return
        asyncio.get_running_loop().call_exception_handler(
            {"message": "reading progress failed", "exception": fault, "task": task}
        )
