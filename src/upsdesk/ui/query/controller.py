"""Carries what a server is asked for between the window and the searches."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QToolButton

from upsdesk.domain.criteria import AnySpan, Span
from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import Peer
from upsdesk.domain.query import DAY, SearchPlan
from upsdesk.services.desk import Desk
from upsdesk.services.search_state import SearchState
from upsdesk.services.session import Conductor
from upsdesk.ui import actions, icons
from upsdesk.ui.query.dialog import QueryDialog
from upsdesk.ui.tasks import spawn
from upsdesk.ui.worklist.panel import WorklistPanel


class QueryController(QObject):
    """One for the window; acts on the server that is shown."""

    sent_changed = Signal()
    """The server is asked for something else now."""
    refused = Signal(str)
    """Why what is asked for cannot be changed."""

    def __init__(self, desk: Desk, conductor: Conductor, panel: WorklistPanel) -> None:
        super().__init__(panel)
        self._desk = desk
        self._conductor = conductor
        self._panel = panel
        self._dialog: QueryDialog | None = None
        self._plan = DAY
        self._closed_span: AnySpan | None = None
        """The filter by date that gave way to a search with keys."""
        panel.bar.add_tool(self._make_button())
        panel.wide_search_requested.connect(self.search_wide)
        panel.plan_change_requested.connect(self.open)
        panel.day_requested.connect(lambda: self.set_plan(DAY))
        panel.asked.plan_wanted.connect(self.set_plan)
        panel.asked.change_wanted.connect(self.open)
        panel.asked.ignored_wanted.connect(self._show_ignored)
        panel.asked.wide_ended.connect(self._search_plainly)
        self._forget = (
            desk.worklist.on_state(self._changed),
            conductor.on_change(lambda _: self._peer_changed()),
        )

    def stop_listening(self) -> None:
        for forget in self._forget:
            forget()

    def _make_button(self) -> QToolButton:
        button = QToolButton()
        icons.set_icon(button, actions.ASK.icon)
        button.setAccessibleName(actions.ASK.text.rstrip("…"))
        button.setToolTip(f"{actions.ASK.tip} ({actions.ASK.shortcut})")
        button.clicked.connect(self.open)
        return button

    @property
    def plan(self) -> SearchPlan:
        """What the server is asked for."""
        return self._plan

    def set_plan(self, plan: SearchPlan) -> None:
        """Ask for this from now on; searches when it is something else."""
        peer = self._conductor.peer
        if peer is not None and plan != self._desk.worklist.plan(peer.id):
            spawn(self._ask(peer, plan), "search")

    def set_saved_plan(self, plan: SearchPlan) -> None:
        """As `set_plan`, of a saved filter that says itself which dates are shown."""
        self._closed_span = None
        self.set_plan(plan)

    async def _ask(self, peer: Peer, plan: SearchPlan) -> None:
        await self._desk.worklist.ask(peer, plan)

    def _peer_changed(self) -> None:
        """Another server is shown: it was asked for nothing in particular yet."""
        self._show(SearchState())

    def search_wide(self, text: str) -> None:
        """Look for a text as name, patient ID, accession number and admission ID, of any date."""
        peer = self._conductor.peer
        if peer is not None:
            spawn(self._desk.worklist.search_wide(peer, text), "search of any date")

    def open(self) -> None:
        """The dialog that builds what is asked for; it shows what was typed to find somebody."""
        if (hidden := self._desk.privacy.refusal) is not None:
            self.refused.emit(str(hidden))
            return
        peer = self._conductor.peer
        if peer is None or self._dialog is not None:
            return
        dialog = QueryDialog(self._panel.window(), self._desk, peer, self._desk.worklist.plan(peer.id))
        self._dialog = dialog
        dialog.finished.connect(lambda result: self._closed(peer, result))
        dialog.open()

    def _closed(self, peer: Peer, result: int) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is None:
            return
        plan = dialog.plan()
        dialog.deleteLater()
        # The server may be another one by now: what was built is for the one it was opened on.
        if result == int(QDialog.DialogCode.Accepted) and self._conductor.peer == peer:
            self._open_dates(plan)
            spawn(self._desk.worklist.ask(peer, plan), "search")

    def _open_dates(self, plan: SearchPlan) -> None:
        """What was asked for is shown whatever its date: `Today` is a filter for the day's list."""
        criteria = self._panel.model.criteria
        if not plan.is_day and criteria.span is not Span.ANY:
            self._closed_span = criteria.span
            self._panel.set_criteria(replace(criteria, span=Span.ANY))

    def _close_dates(self) -> None:
        """Back at the day's list, the filter by date is as it was, unless another was chosen meanwhile."""
        span, self._closed_span = self._closed_span, None
        criteria = self._panel.model.criteria
        if span is not None and criteria.span is Span.ANY:
            self._panel.set_criteria(replace(criteria, span=span))

    def _search_plainly(self) -> None:
        peer = self._conductor.peer
        if peer is not None:
            spawn(self._desk.worklist.search_plainly(peer), "search")

    def _show_ignored(self, shown: bool) -> None:
        if self._conductor.peer is not None:
            self._desk.worklist.show_ignored(self._conductor.peer.id, shown)

    def _changed(self, peer_id: PeerId, state: SearchState) -> None:
        peer = self._conductor.peer
        if peer is not None and peer.id == peer_id:
            self._show(state)

    def _show(self, state: SearchState) -> None:
        has_changed = state.plan != self._plan
        self._plan = state.plan
        self._panel.show_search(state)
        if has_changed:
            # The person has asked for it: rows that do not belong to it go at once, whoever holds the order.
            self._panel.model.arrange()
            if self._plan.is_day:
                self._close_dates()
            self.sent_changed.emit()
