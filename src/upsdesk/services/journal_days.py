"""When old days of the journal are dropped: once at the start, then with each new day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from upsdesk.services.desk_file import DeskFileError
from upsdesk.services.threads import in_thread

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk


class JournalDays:
    """To be asked now and then, as long as a window is open."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._done_on: date | None = None

    async def look(self) -> None:
        """Drop what is too old when that was not done today; a file that is busy is tried the next time."""
        now = self._desk.clock()
        if self._done_on == now.date():
            return
        before, self._done_on = self._done_on, now.date()
        try:
            await in_thread(lambda: self._desk.desk_file.drop_old_journal(now), "journal")
        except DeskFileError:
            self._done_on = before
