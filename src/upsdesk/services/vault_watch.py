"""When the desk reads its vault again: a command line on the same data folder has written it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.threads import in_thread

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_SETTLED_NS = 2_000_000_000
"""File systems tell times no finer than some milliseconds, some than seconds: a file as young as this may
have been written again since."""


class VaultWatch:
    """Looks at the time and size of the desk's file, and reads it only when they have changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: tuple[int, int] | None = None
        self._is_reading = False

    async def look(self) -> None:
        """Once a second, as long as a window is open. A file that is busy is looked at the next time."""
        if self._is_reading:
            return
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._is_reading = True
        try:
            turn = self._desk.vault.turn
            if turn is None:
                return
            entries = await in_thread(self._desk.desk_file.entries, "vault")
            if turn != self._desk.vault.turn:
                return  # this desk has changed it meanwhile
            before = set(self._desk.held_keys())
            self._desk.vault_was_read(entries)
            changed = before ^ set(self._desk.held_keys())
            is_settled = self._desk.clock().timestamp() * 1e9 - stamp[0] > _SETTLED_NS
            self._seen = stamp if is_settled else None
            # The server may tell of it only at the next search.
            await self._desk.worklist.read(key for key in changed if self._desk.store.get(key) is not None)
        except DeskFileError:
            return
        finally:
            self._is_reading = False

    def _stamp(self) -> tuple[int, int] | None:
        # Never opened here: to close it would drop the locks that SQLite has on it in this process.
        try:
            found = os.stat(self._desk.desk_file.path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
