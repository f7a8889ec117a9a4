"""Keeps what is typed on disk, a moment after it was typed, until it was sent or let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject

from upsdesk.domain.keys import PeerId, SopInstanceUid
from upsdesk.services.desk import Desk
from upsdesk.services.desk_file import DeskFileError, Draft
from upsdesk.services.drafts import KeptForm, draft_text, read_draft
from upsdesk.ui import timers

_SOON_MS = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that was not sent, and when it was kept."""

    form: KeptForm
    at: datetime


class DraftKeeper(QObject):
    """Of one form at a time: `open` it, `keep` each change, `forget` it in the end."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._of: tuple[PeerId, SopInstanceUid | None] | None = None
        self._waiting: KeptForm | None = None
        self._is_kept = False
        self._soon = timers.single(self, _SOON_MS, self._write)

    def open(self, peer: PeerId, uid: SopInstanceUid | None) -> Kept | None:
        """From now on this workitem (None: a new one); what was kept of it."""
        self._soon.stop()
        self._of = peer, uid
        draft = self._desk.desk_file.draft(peer, uid)
        self._is_kept = draft is not None
        if draft is None:
            return None
        try:
            return Kept(read_draft(draft.content), draft.saved_at)
        except ValueError:
            return None  # of a later version; it is overwritten only when something is typed

    def keep(self, form: KeptForm | None) -> None:
        """None: nothing differs any more."""
        self._waiting = form
        if form is not None or self._is_kept:
            self._soon.start()

    def write_now(self) -> None:
        """What waits goes to the disk before anything else happens."""
        if self._soon.isActive():
            self._soon.stop()
            self._write()

    def forget(self) -> None:
        """It was sent, or the person let it go."""
        self._waiting = None
        self._soon.stop()
        if self._is_kept:
            self._write()
        self._of = None

    def _write(self) -> None:
        if self._of is None:
            return
        peer, uid = self._of
        try:
            if self._waiting is None:
                self._desk.desk_file.forget_draft(peer, uid)
            else:
                content = draft_text(self._waiting)
                self._desk.desk_file.keep_draft(Draft(peer, uid, content, self._desk.clock()))
            self._is_kept = self._waiting is not None
        except DeskFileError:
            self._soon.start()  # the disk is full or busy; what is typed is still on the screen
