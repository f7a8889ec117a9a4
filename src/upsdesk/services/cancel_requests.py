"""Requests to cancel that wait for an answer, kept over a restart: those to this desk, and its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.activity import ActivityEntry, ActivityKind, subject_of
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk_file import DeskFileError, JournalEntry, JournalKind
from upsdesk.services.threads import in_thread

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_KEPT_FOR = timedelta(days=7)
"""What nobody has answered by then, and what is not held here, is not told again."""
_CLOSE_PATIENCE = 1.0


class CancelRequests:
    """Follows the store, which is told at the start what was kept. Used on the loop's thread."""

    def __init__(self, desk: Desk) -> None:
        """Bring back what is kept; raise DeskFileError."""
        self._desk = desk
        self._kept = {request.key: request for request in desk.desk_file.cancel_requests()}
        self._writing: asyncio.Task[None] | None = None
        since = desk.clock() - _KEPT_FOR
        desk.store.apply(
            request for key, request in self._kept.items() if desk.store.is_held(key) or request.at > since
        )
        self._forget = desk.store.subscribe(self._changed)

    def keep_on(self, key: WorkitemKey) -> None:
        """The holder does not cancel what it was asked to; DICOM has no message that says so."""
        desk = self._desk
        if desk.store.cancel_asked(key) is None:
            return
        desk.store.answer_cancel_request(key)
        now, title, words = desk.clock(), "Kept on", "Asked to cancel, and it goes on."
        subject = subject_of(desk.store.get(key))
        note = ActivityEntry(now, ActivityKind.NOTE, title, subject, words, key=key, peer=key.peer)
        desk.activity.add(note)
        desk.journal.record_soon(
            JournalEntry(now, key.peer, JournalKind.NOTE, title, key, words=words, operator=desk.operator)
        )

    def _changed(self, changes: ChangeSet) -> None:
        waiting = self._desk.store.cancel_requests()
        if (waiting or self._kept) and self._writing is None and self._wanted() != self._kept:
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="cancel requests")

    def _wanted(self) -> dict[WorkitemKey, CancelRequested]:
        waiting = self._desk.store.cancel_requests().items()
        return {key: request for key, request in waiting if self._is_ours(request)}

    def _is_ours(self, request: CancelRequested) -> bool:
        if self._desk.store.is_held(request.key):
            return True
        try:
            return request.requesting_ae == self._desk.peer(request.key.peer).calling_aet
        except KeyError:
            return False

    async def _write(self) -> None:
        """Bring the file up to date, and again while more has changed meanwhile."""
        desk = self._desk
        try:
            while (wanted := self._wanted()) != self._kept:
                gone = [key for key in self._kept if key not in wanted]
                new = [request for key, request in wanted.items() if self._kept.get(key) != request]
                self._kept = wanted
                await in_thread(partial(desk.desk_file.change_cancel_requests, gone, new), "cancel requests")
        except DeskFileError as error:
            desk.activity.add(
                ActivityEntry(desk.clock(), ActivityKind.NOTE, "Requests to cancel", detail=str(error))
            )
        finally:
            self._writing = None

    async def close(self) -> None:
        """Let what is on its way reach the disk."""
        self._forget()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=_CLOSE_PATIENCE)
