"""What a search shows while it runs and when it failed: Stop, rows so far, stale and incomplete banners."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QObject

from upsdesk.domain.keys import PeerId
from upsdesk.domain.peer import Peer
from upsdesk.services.desk import Desk
from upsdesk.services.session import Conductor
from upsdesk.services.worklist import FreshnessKind, SearchState
from upsdesk.ui import presenter, timers
from upsdesk.ui.live_status import seconds_words
from upsdesk.ui.query.controller import QueryController
from upsdesk.ui.tasks import spawn
from upsdesk.ui.top_bar import TopBar
from upsdesk.ui.worklist.panel import WorklistPanel

_SOON_MS = 150
_LIMIT_REACHED = "The limit of this search was reached. Ask for less, or raise the limit."
_USUAL_REACHED = (
    "The usual limit was reached. Ask for less at once, or raise it in the menu, under At most so many rows."
)


class SearchStatus(QObject):
    """Starts and stops searches, and keeps table and top bar in step with them."""

    def __init__(self, desk: Desk, conductor: Conductor, panel: WorklistPanel, top_bar: TopBar) -> None:
        super().__init__(panel)
        self._desk = desk
        self._conductor = conductor
        self._panel = panel
        self._top_bar = top_bar
        self._is_cut = False
        self.queries = QueryController(desk, conductor, panel)
        """What the server is asked for."""
        self._forget = desk.worklist.on_state(self._changed)
        self._told: dict[PeerId, datetime | None] = {}
        """The search that runs, by when it began."""
        self._soon = timers.single(self, _SOON_MS, self._tell_now)
        # A list grows stale without any event, so the banner looks at the clock.
        self._timer = timers.repeating(self, 1000, self._tell_banner)
        self._timer.start()

    def stop_listening(self) -> None:
        self._timer.stop()
        self._soon.stop()
        self._forget()
        self.queries.stop_listening()

    def start_or_stop(self) -> None:
        """Search; a second press stops it."""
        peer = self._conductor.peer
        if peer is None:
            return
        if self._desk.worklist.state(peer.id).running:
            self.stop()
        else:
            spawn(self._desk.worklist.search_plainly(peer), "search")

    def answer_banner(self) -> None:
        """Its button: narrow what was cut short, else search again."""
        if self._is_cut:
            self.queries.open()
        else:
            self.start_or_stop()

    def stop(self) -> None:
        """End the search with C-CANCEL; what came stays."""
        if self._conductor.peer is not None:
            self._desk.worklist.stop(self._conductor.peer.id)

    def _changed(self, peer_id: PeerId, state: SearchState) -> None:
        """Told at once when a search begins or ends, and of one that runs a few times a second."""
        peer = self._conductor.peer
        if peer is None or peer.id != peer_id:
            return
        if state.running and self._told.get(peer_id) == state.started_at and self._desk.store.count(peer_id):
            if not self._soon.isActive():
                self._soon.start()
            return
        self._told = {peer_id: state.started_at} if state.running else {}
        self._tell(peer, state)

    def _tell_now(self) -> None:
        peer = self._conductor.peer
        if peer is not None:
            self._tell(peer, self._desk.worklist.state(peer.id))

    def _tell(self, peer: Peer, state: SearchState) -> None:
        wide = state.wide
        self._panel.set_searching(state.running, wide.found if wide and wide.running else state.rows)
        self._top_bar.show_searching(state.running)
        has_rows = self._panel.model.loaded > 0
        # The page about an unreachable server is for an empty list only; over rows a banner says it.
        self._panel.set_problem(state.outcome if not has_rows and not state.running else None)
        self._tell_banner()

    def _tell_banner(self) -> None:
        peer = self._conductor.peer
        self._is_cut = False
        if peer is None or not self._panel.model.loaded:
            self._panel.set_banner("", "", "", "")
            return
        state = self._desk.worklist.state(peer.id)
        freshness = self._desk.worklist.freshness(peer, self._desk.clock())
        if freshness.kind is FreshnessKind.STALE:
            self._panel.set_banner(
                "warning", *self._stale_words(peer, state, freshness.seconds), "Search", dims=True
            )
        elif state.limited is not None and not state.running:
            limit = presenter.number_words(state.limited)
            # Rows of an earlier search stay: then more are shown than this one was allowed to bring.
            is_all = self._panel.model.loaded <= state.limited
            self._tell_cut(
                f"Not all: {'the first' if is_all else 'this search read the first'} {limit} of more",
                _LIMIT_REACHED if state.plan.limit is not None else _USUAL_REACHED,
            )
        elif state.outcome is not None and not state.running:
            self._panel.set_banner(
                "warning",
                "The last search is not complete",
                presenter.outcome_sentence(state.outcome),
                "Search",
            )
        elif state.incomplete and not state.running:
            self._tell_cut("Not all workitems are shown", "The search was stopped before its end.")
        else:
            self._panel.set_banner("", "", "", "")

    def _tell_cut(self, title: str, text: str) -> None:
        """Limit or Stop cut the answer: there is more at the server, and no way to go on with it in DICOM."""
        self._is_cut = True
        self._panel.set_banner("warning", title, text, "Narrow the search")

    def _stale_words(self, peer: Peer, state: SearchState, seconds: int | None) -> tuple[str, str]:
        title = (
            "Stale: never read in full"
            if seconds is None
            else f"Stale: last read {seconds_words(seconds)} ago"
        )
        if state.outcome is not None:
            return title, presenter.outcome_sentence(state.outcome)
        if state.running:
            return title, "The search that runs has not come to its end yet."
        if self._desk.refresh.is_paused:
            return title, "Refresh is paused. Search, or resume it on the bottom line."
        return title, f"{peer.title} does not answer. Start, Complete and Cancel read the workitem first."
