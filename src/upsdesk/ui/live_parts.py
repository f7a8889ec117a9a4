"""What keeps the window in step with the store beside the table itself; made and ended together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import Peer
from upsdesk.services.desk import Desk
from upsdesk.services.journal_days import JournalDays
from upsdesk.services.next_due import next_due
from upsdesk.services.session import Conductor
from upsdesk.services.vault_watch import VaultWatch
from upsdesk.ui import presenter
from upsdesk.ui.announcer import Announcer
from upsdesk.ui.details.panel import DetailsPanel
from upsdesk.ui.held_strip import HeldStrip
from upsdesk.ui.look_alikes import LookAlikeMarks
from upsdesk.ui.status_bar import StatusBar
from upsdesk.ui.tasks import spawn
from upsdesk.ui.worklist.panel import WorklistPanel

_VAULT_MS = 1_000
_PAUSED = "The list is not searched by itself any more."
_RESUMED = "The list is searched by itself again."


@dataclass(frozen=True, slots=True)
class Ways:
    """What only the window can do."""

    show_item: Callable[[WorkitemKey], None]
    leave_editor: Callable[[], Awaitable[bool]]
    """Whether the page of the editor is closed now."""
    go_to: Callable[[Peer], Awaitable[None]]


class LiveParts:
    """Marks of look-alikes, the strip of held workitems, announcements, the next due, pause."""

    def __init__(
        self,
        desk: Desk,
        conductor: Conductor,
        worklist: WorklistPanel,
        details: DetailsPanel,
        strip: HeldStrip,
        bar: StatusBar,
        ways: Ways,
    ) -> None:
        self._desk = desk
        self._conductor = conductor
        self._worklist = worklist
        self._details = details
        self._strip = strip
        self._ways = ways
        self._marks = LookAlikeMarks(desk.look_alikes, worklist.view, worklist.model)
        self._marks.changed.connect(details.show_banner)
        self.announcer = Announcer(desk, conductor, bar, worklist)
        worklist.view.marking.changed.connect(self._tell_marked)
        strip.chosen.connect(lambda key: spawn(self._lead_to(key), "held workitem"))
        vault, days = VaultWatch(desk), JournalDays(desk)
        self._vault_timer = QTimer(worklist)
        self._vault_timer.setInterval(_VAULT_MS)
        self._vault_timer.timeout.connect(lambda: spawn(vault.look(), "vault"))
        self._vault_timer.timeout.connect(lambda: spawn(days.look(), "journal"))
        self._vault_timer.start()
        bar.resume_clicked.connect(self.pause_or_resume)
        self._forget = (
            desk.refresh.on_change(lambda: bar.show_paused(desk.refresh.is_paused)),
            desk.subscriptions.on_change(self._show_coverage),
            conductor.on_change(lambda _peer: self._show_coverage()),
            conductor.on_change(lambda peer: strip.set_peer(peer.id if peer is not None else None)),
        )

    def stop(self) -> None:
        self._vault_timer.stop()
        self._marks.stop()
        self.announcer.stop()
        self._strip.stop()
        for forget in self._forget:
            forget()

    def _show_coverage(self) -> None:
        peer = self._conductor.peer
        if peer is not None:
            self._worklist.model.set_coverage(self._desk.subscriptions.coverage(peer))

    def _tell_marked(self, count: int) -> None:
        """Several rows can be copied; whatever else is done is done to one patient."""
        key = self._worklist.current_key()
        item = self._desk.store.get(key) if key is not None else None
        if count:
            alone = f"; all else is for {presenter.name_words(item.patient)} alone" if item else ""
            self.announcer.say(f"{presenter.count_words(count, 'row')} selected to copy{alone}.")

    def pause_or_resume(self) -> None:
        """Search at intervals no more, or again; on the bottom line as long as it is paused."""
        refresh = self._desk.refresh
        refresh.set_paused(not refresh.is_paused)
        self.announcer.say(_PAUSED if refresh.is_paused else _RESUMED)

    def select_next_due(self) -> None:
        """Select the next workitem of this desk's station; nothing else happens to it."""
        peer, station = self._conductor.peer, self._desk.settings.desk.station
        if peer is None:
            return
        if not station:
            self.tell("This desk has no station yet. Name it on the first page, or in desk.toml.")
            return
        key = next_due(self._desk.store, peer.id, station)
        if key is None:
            self.tell(f"Nothing at {station} is Scheduled with its inputs ready.")
            return
        self._worklist.select(key)
        item = self._desk.store.get(key)
        if item is not None:
            due = presenter.due(item, self._desk.clock(), self._desk.zone)
            self.announcer.say(f"Next due: {presenter.row_sentence(item, due)}")

    def tell(self, text: str) -> None:
        """Why something is not possible, under the banner and on the bottom line."""
        self._details.set_reason(text)
        self.announcer.say(text)

    async def _lead_to(self, key: WorkitemKey) -> None:
        """Select a held workitem, at whichever server it is."""
        current = self._conductor.peer
        if current is None or current.id != key.peer:
            try:
                peer = self._desk.peer(key.peer)
            except KeyError:
                self.tell("Its server is not saved any more. Add it again to work on this workitem.")
                return
            if QApplication.activeModalWidget() is not None or not await self._ways.leave_editor():
                return  # a dialog keeps the server that it was opened on
            await self._ways.go_to(peer)
        self._ways.show_item(key)
