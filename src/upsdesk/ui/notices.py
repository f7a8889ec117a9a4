"""Which notices stand under the top bar: requests to cancel a held item, and what an earlier run left."""

from __future__ import annotations

from collections.abc import Callable

from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk
from upsdesk.ui import masking, presenter
from upsdesk.ui.notice_bar import NoticeBar, NoticeStack
from upsdesk.ui.transitions.facts import held_words

_LEFT = "left"
_LEFT_LINES = 4


class Notices:
    """Follows the store; `open_request` leads to what can be done."""

    def __init__(
        self,
        desk: Desk,
        stack: NoticeStack,
        open_request: Callable[[WorkitemKey], None],
    ) -> None:
        self._desk = desk
        self._stack = stack
        self._open_request = open_request
        self._told: dict[WorkitemKey, CancelRequested] = {}
        self._show_all: Callable[[], None] = lambda: None
        self._forget = desk.store.subscribe(self._changed)
        self._tell()

    def tell_left(self, show_all: Callable[[], None]) -> None:
        """What this desk held when it was closed: told at the start, before any server answers."""
        self._show_all = show_all
        entries = self._desk.held_entries()
        if not entries:
            return
        count, is_one = presenter.count_words(len(entries), "workitem"), len(entries) == 1
        lines = [held_words(self._desk, entry) for entry in entries[:_LEFT_LINES]]
        if len(entries) > _LEFT_LINES:
            lines.append(f"and {len(entries) - _LEFT_LINES} more")
        bar = NoticeBar(
            "info",
            "key-round",
            f"{count} {'is' if is_one else 'are'} left In progress: only this desk can complete or cancel "
            f"{'it' if is_one else 'them'}.",
            "",
            (("Held here…", show_all), ("Close", lambda: self._stack.take(_LEFT))),
            lines=lines,
        )
        bar.setAccessibleDescription(". ".join(lines))
        self._stack.put(_LEFT, bar)

    def tell_names(self) -> None:
        """Names are hidden or shown from now on."""
        if _LEFT in self._stack.names():
            self.tell_left(self._show_all)
        self._told = {}
        self._tell()

    def stop(self) -> None:
        self._forget()

    def _changed(self, changes: ChangeSet) -> None:
        if _LEFT in self._stack.names() and not self._desk.held_entries():
            self._stack.take(_LEFT)
        touched = {key for key, names in changes.updated.items() if names & {"cancel_asked", "held", "state"}}
        if not touched and not changes.elsewhere and not changes.inserted and not changes.removed:
            return
        self._tell()

    def _tell(self) -> None:
        """Put up a bar for each request that waits, and take down those that do not wait any more."""
        waiting = {
            key: request
            for key, request in self._desk.store.cancel_requests().items()
            if self._desk.store.is_held(key)
        }
        for name in self._stack.names():
            if isinstance(name, WorkitemKey) and name not in waiting:
                self._stack.take(name)
        for key, request in waiting.items():
            if self._told.get(key) != request:
                self._stack.put(key, self._request_bar(key, request))
        self._told = waiting

    def _request_bar(self, key: WorkitemKey, request: CancelRequested) -> NoticeBar:
        entry = self._desk.vault_entry(key)
        facts = entry.patient if entry is not None else None
        patient = presenter.patient_sentence(facts) if facts is not None else "a workitem of this desk"
        at = presenter.instant_words(request.at, self._desk.clock(), self._desk.zone)
        who = request.requesting_ae or "Another system"
        meaning = request.code.meaning if request.code is not None else ""
        why = " · ".join(part for part in (meaning, request.reason) if part)
        reason = f"Reason: {why}" if why else "No reason was given"
        contact = ", ".join(part for part in (request.contact_name, request.contact_uri) if part)
        told = (f"Asked {at}", reason, f"Contact: {contact}" if contact else "")
        detail = ". ".join((*(part for part in told if part), "Nothing is canceled by itself."))
        return NoticeBar(
            "warning",
            "hand",
            f"{who} asks to cancel {patient}.",
            masking.words(detail, Workitem(key, patient=facts or PatientFacts())),
            (("Open", lambda: self._open_request(key)),),
        )
