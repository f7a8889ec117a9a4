"""Names hidden in the window: the switch, and all that says something else when it is turned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from upsdesk.services.desk import Desk
from upsdesk.ui import masking
from upsdesk.ui.filters.filter_row import FilterRow

if TYPE_CHECKING:
    from upsdesk.ui.main_window import MainWindow
    from upsdesk.ui.notices import Notices


class Hiding:
    """Turns it for a window; dialogs and forms are left first, since they show a patient in full."""

    def __init__(
        self, window: MainWindow, desk: Desk, notices: Notices, leave_editor: Callable[[], Awaitable[bool]]
    ) -> None:
        self._window = window
        self._desk = desk
        self._notices = notices
        self._leave_editor = leave_editor
        self._forget = desk.privacy.changed.add(self._show)
        window.status_bar.names_clicked.connect(lambda: self._turn(False))
        self._show_lamp()
        window.worklist.tell_names(hidden=desk.privacy.is_hidden)

    def stop(self) -> None:
        self._forget()
        masking.follow(None)

    async def turn(self) -> None:
        """Hide names or show them."""
        if await self._leave_editor():
            self._turn(not self._desk.privacy.is_hidden)

    def _turn(self, hidden: bool) -> None:
        try:
            self._desk.privacy.hide(hidden)
        except OSError as error:
            reason = error.strerror or str(error)
            self._window.live_parts.tell(f"That cannot be kept, so nothing has changed: {reason}.")
            return
        refusal = self._desk.privacy.refusal
        self._window.live_parts.announcer.say(str(refusal) if refusal is not None else "Names are shown.")

    def _show(self) -> None:
        window = self._window
        self._show_lamp()
        window.details.tell_names()
        window.worklist.tell_names(hidden=self._desk.privacy.is_hidden)
        window.held_strip.tell()
        window.activity.tell_names()
        self._notices.tell_names()
        for row in window.findChildren(FilterRow):
            row.tell_names()
        window.show_transitions()

    def _show_lamp(self) -> None:
        self._window.status_bar.show_names_hidden(self._desk.privacy.is_hidden)
