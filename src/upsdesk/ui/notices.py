"""Which notices stand under the top bar: requests to cancel a held item, and items left from before."""

from __future__ import annotations

from collections.abc import Callable

from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import WorkitemKey
from upsdesk.services.desk import Desk
from upsdesk.services.store import ChangeSet
from upsdesk.ui import presenter
from upsdesk.ui.notice_bar import NoticeBar, NoticeStack

_LEFT = "left in progress"


class Notices:
    """Follows the store; `open_item` selects a workitem, `open_request` leads to what can be done."""

    def __init__(
        self,
        desk: Desk,
        stack: NoticeStack,
        open_item: Callable[[WorkitemKey], None],
        open_request: Callable[[WorkitemKey], None],
    ) -> None:
        self._desk = desk
        self._stack = stack
        self._open_item = open_item
        self._open_request = open_request
        self._left: frozenset[WorkitemKey] = frozenset()
        self._told: dict[WorkitemKey, CancelRequested] = {}
        self._forget = desk.store.subscribe(self._changed)

    def stop(self) -> None:
        self._forget()

    def tell_left_items(self) -> None:
        """At the start, before any peer answers: what this desk still holds."""
        entries = self._desk.held_entries()
        if not entries:
            return
        words = presenter.count_words(len(entries), "workitem")
        named = [f"{presenter.name_words(entry.patient)} ({entry.label or 'no label'})" for entry in entries]
        shown = presenter.listed(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
        self._left = frozenset(self._desk.held_keys())
        key = self._desk.held_keys()[0]
        bar = NoticeBar(
            "info",
            "key-round",
            f"This desk left {words} in progress.",
            f"{shown}. Only this desk can complete or cancel them.",
            (
                ("Show", lambda: self._show_left(key)),
                ("Close", lambda: self._stack.take(_LEFT)),
            ),
        )
        self._stack.put(_LEFT, bar)

    def _show_left(self, key: WorkitemKey) -> None:
        self._stack.take(_LEFT)
        self._open_item(key)

    def _changed(self, changes: ChangeSet) -> None:
        touched = {key for key, names in changes.updated.items() if names & {"cancel_asked", "held", "state"}}
        if not touched and not changes.elsewhere and not changes.inserted and not changes.removed:
            return
        self._drop_left()
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

    def _drop_left(self) -> None:
        """When none of the items is held any more, the notice would not be true."""
        if self._left and self._left.isdisjoint(self._desk.held_keys()):
            self._left = frozenset()
            self._stack.take(_LEFT)

    def _request_bar(self, key: WorkitemKey, request: CancelRequested) -> NoticeBar:
        entry = self._desk.vault_entry(key)
        facts = entry.patient if entry is not None else None
        patient = presenter.patient_sentence(facts) if facts is not None else "a workitem of this desk"
        who = request.requesting_ae or "Another system"
        reason = f"Reason: {request.reason}" if request.reason else "No reason was given"
        contact = " ".join(part for part in (request.contact_name, request.contact_uri) if part)
        detail = f"{reason}. {f'Contact: {contact}. ' if contact else ''}Nothing is canceled by itself."
        return NoticeBar(
            "warning",
            "hand",
            f"{who} asks to cancel {patient}.",
            detail,
            (
                ("Open", lambda: self._open_request(key)),
                ("Keep on", lambda: self._desk.store.answer_cancel_request(key)),
            ),
        )
