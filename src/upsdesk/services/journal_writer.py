"""How the journal is written: at once, or together with what comes meanwhile, never on the loop's thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial

from upsdesk.services.desk_file import DeskFile, DeskFileError, JournalEntry
from upsdesk.services.threads import in_thread

_BETWEEN_RECORDS = 0.1
"""Seconds between two writes of the journal: reports that come by the hundred are written together."""
_RECORDED_AT_ONCE = 12
"""Batches of entries in one write: what makes them needs the interpreter, which the window then waits for."""


class JournalWriter:
    """Used on the loop's thread; `on_failure` hears of what could not be written behind."""

    def __init__(self, desk_file: DeskFile, on_failure: Callable[[DeskFileError], None]) -> None:
        self._file = desk_file
        self._on_failure = on_failure
        self._to_record: list[Callable[[], Sequence[JournalEntry]]] = []
        self._recording: asyncio.Task[None] | None = None
        self._is_closing = asyncio.Event()

    async def record(self, *entries: JournalEntry) -> None:
        """Append to the journal; raise DeskFileError."""
        await in_thread(lambda: self._file.record(*entries), "journal")

    def record_soon(self, *entries: JournalEntry) -> None:
        """Append to the journal without waiting; what comes meanwhile is written together."""
        if entries:
            self.record_later(lambda: entries)

    def record_later(self, make: Callable[[], Sequence[JournalEntry]]) -> None:
        """As `record_soon`, with entries that are made in the thread that writes them."""
        self._to_record.append(make)
        if self._recording is None:
            self._recording = asyncio.get_running_loop().create_task(self._record_waiting(), name="journal")

    async def _record_waiting(self) -> None:
        try:
            while self._to_record:
                most = None if self._is_closing.is_set() else _RECORDED_AT_ONCE
                makes, self._to_record = self._to_record[:most], self._to_record[most:] if most else []
                await in_thread(partial(self._record_made, makes), "journal")
                if not self._is_closing.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._is_closing.wait(), _BETWEEN_RECORDS)
        except DeskFileError as error:
            self._on_failure(error)
        finally:
            self._recording = None

    def _record_made(self, makes: Sequence[Callable[[], Sequence[JournalEntry]]]) -> None:
        self._file.record(*[entry for make in makes for entry in make()])

    def make_haste(self) -> None:
        """The program ends: what waits is written without a pause."""
        self._is_closing.set()

    async def close(self) -> None:
        """Wait for what is being written, at most a second."""
        self.make_haste()
        if self._recording is not None:
            await asyncio.wait([self._recording], timeout=1.0)
