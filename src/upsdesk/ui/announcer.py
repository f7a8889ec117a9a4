"""What is said on the bottom line and to screen readers: workitems that came and went, answers to keys."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk
from upsdesk.services.session import Conductor
from upsdesk.ui import presenter, timers
from upsdesk.ui.status_bar import StatusBar

_GATHER_MS = 1_500
"""So long changes are gathered: a stream of them is said as one."""
_SHOWN_MS = 10_000


class Announcer(QObject):
    """Counts new and gone workitems of the shown server once its first search has come to its end."""

    told = Signal(str)

    def __init__(self, desk: Desk, conductor: Conductor, bar: StatusBar, speaker: QWidget) -> None:
        """`speaker` is the widget in whose name assistive technology hears it."""
        super().__init__(speaker)
        self._desk = desk
        self._conductor = conductor
        self._bar = bar
        self._speaker = speaker
        self._new: dict[WorkitemKey, None] = {}
        self._gone: dict[WorkitemKey, None] = {}
        self._gathering = timers.single(self, _GATHER_MS, self._tell_changes)
        self._showing = timers.single(self, _SHOWN_MS, lambda: self._bar.show_news(""))
        self._forget = (desk.store.subscribe(self._changed), conductor.on_change(lambda _peer: self._drop()))

    def stop(self) -> None:
        self._gathering.stop()
        self._showing.stop()
        for forget in self._forget:
            forget()

    def say(self, text: str) -> None:
        """Show a sentence for a while, and let a screen reader speak it when it has finished its own."""
        self._bar.show_news(text)
        self._showing.start()
        event = QAccessibleAnnouncementEvent(self._speaker, text)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(event)
        self.told.emit(text)

    def _drop(self) -> None:
        self._new.clear()
        self._gone.clear()

    def _changed(self, changes: ChangeSet) -> None:
        peer = self._conductor.peer
        if peer is None or not (changes.inserted or changes.removed):
            return
        if not self._desk.worklist.is_settled(peer.id):
            return  # the list is only being made
        for keys, here, there in (
            (changes.inserted, self._new, self._gone),
            ([key for key in changes.removed if key not in changes.beside], self._gone, self._new),
        ):
            for key in keys:
                if key in there:
                    del there[key]
                elif key.peer == peer.id:
                    here[key] = None
        if not self._gathering.isActive():
            self._gathering.start()

    def _tell_changes(self) -> None:
        new = [key for key in self._new if self._desk.store.aside(key) is None]
        gone = len(self._gone)
        self._drop()
        parts = []
        if len(new) == 1 and not gone and (item := self._desk.store.get(new[0])) is not None:
            due = presenter.due(item, self._desk.clock(), self._desk.zone)
            parts.append(f"New: {presenter.row_sentence(item, due)}")
        elif new:
            parts.append(f"{presenter.count_words(len(new), 'new workitem')}.")
        if gone:
            parts.append(f"{presenter.count_words(gone, 'workitem')} not listed any more.")
        if parts:
            self.say(" ".join(parts))
